import type { ErrorCode } from '../core/errors.js'

/** What a check before the start has to say. Errors keep the boards from starting; warnings are for the operator. */
export interface Finding {
  readonly level: 'error' | 'warning'
  readonly code: ErrorCode
  /** A whole sentence; where a statement mends it, the statement is in it to paste. */
  readonly message: string
}
