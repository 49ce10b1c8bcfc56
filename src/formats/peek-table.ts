/** Which table a message is about, for those who only look: nothing of it is checked, and nothing may rest on it. */

export interface PeekedTable {
  /** Empty where the message concerns none. */
  readonly database: string
  readonly table: string
}

const nameIn = (message: object, field: string): string => {
  const value: unknown = (message as Readonly<Record<string, unknown>>)[field]
  return typeof value === 'string' ? value : ''
}

/** Undefined for what is no flat message of Canal's. */
export const peekTable = (bytes: Uint8Array | null): PeekedTable | undefined => {
  try {
    const message: unknown = JSON.parse(new TextDecoder().decode(bytes ?? new Uint8Array()))
    if (typeof message !== 'object' || message === null || !('type' in message) || !('database' in message)) return
    return { database: nameIn(message, 'database'), table: nameIn(message, 'table') }
  } catch {
    return undefined
  }
}
