import { asRanktideError } from '../core/errors.js'

/** One line: a server, topic, table or index, and what is to be said of it. */
export interface ConnectionFinding {
  readonly name: string
  /** A warning does not keep boards from starting. */
  readonly level: 'ok' | 'warning' | 'error'
  readonly detail: string
}

/** With the code, by which docs/errors.md tells what to do. */
export const failed = (name: string, error: unknown): ConnectionFinding => {
  const { code, message } = asRanktideError(error)
  return { name, level: 'error', detail: `${code}: ${message}` }
}
