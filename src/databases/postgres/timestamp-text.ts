/** ms since 1970, from 0 to the last that a Date holds, as Postgres takes it in any time zone: beyond 9999 no sign, no zeros. */
export const timestampText = (ms: number): string => new Date(ms).toISOString().replace(/^\+0*/, '')
