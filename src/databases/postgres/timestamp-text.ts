/** ms since 1970, up to the last that a Date holds, as Postgres reads it: years beyond 9999 have no sign and no zeros before. */
export const timestampText = (ms: number): string => new Date(ms).toISOString().replace(/^\+0*/, '')
