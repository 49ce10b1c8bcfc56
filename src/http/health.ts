export interface HealthCheck {
  /** A board, a counter, or what is depended on. */
  readonly name: string
  readonly ok: boolean
  /** The state, or what is waited for. Never holds secrets. */
  readonly detail: string
}

/** What a load balancer or an operator may ask for alone. */
export type HealthPart = 'boards' | 'counters'

/** What the process says of itself. Answers from memory: neither waits nor fails. */
export interface Health {
  /** Whether the start is over: configuration read, clients opened. Stays true. */
  started(): boolean
  /** `ok`: this replica can answer readers. A check may fail and `ok` be true: degraded boards are still served. */
  ready(only?: HealthPart): { readonly ok: boolean; readonly checks: readonly HealthCheck[] }
  /** Whether the process is going down and wants no new requests. */
  draining(): boolean
}
