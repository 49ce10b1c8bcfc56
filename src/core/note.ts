import type { Proof } from './barrier.js'
import type { ErrorCode } from './errors.js'

/** Why rows are read. `fill`: there is no board yet. */
export type Cause = 'refill' | 'fill' | 'heal' | 'audit'

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
