import type { Proof } from './barrier.js'
import type { ErrorCode } from './errors.js'

/** Why rows are read. `fill`: there is no board yet. */
export const causes = ['refill', 'fill', 'heal', 'audit'] as const
export type Cause = (typeof causes)[number]

/** When rows of a board were last taken in, for people who look at it. */
export interface LastReading {
  readonly cause: Cause
  readonly rows: number
  /** ms since 1970. */
  readonly at: number
}

/** What happened, for logs and metrics. `keys`: the members that an audit found to differ, at most ten. */
export type Note =
  | { readonly kind: 'degraded'; readonly board: string; readonly code: ErrorCode; readonly detail: string }
  | { readonly kind: 'reading'; readonly board: string; readonly cause: Cause; readonly limit: number }
  | {
      readonly kind: 'read-failed'
      readonly board: string
      readonly cause: Cause
      readonly code: ErrorCode
      readonly detail: string
    }
  | {
      readonly kind: 'merged'
      readonly board: string
      readonly cause: Cause
      readonly rows: number
      readonly proof: Proof
    }
  | { readonly kind: 'early-merge'; readonly board: string; readonly keys: number }
  | {
      readonly kind: 'audit-difference'
      readonly board: string
      readonly count: number
      readonly keys: readonly string[]
    }
  | { readonly kind: 'rewinding'; readonly board: string }
  | { readonly kind: 'rewound'; readonly board: string }
  | { readonly kind: 'markers-missing'; readonly board: string }
  | { readonly kind: 'table-changed'; readonly board: string }
