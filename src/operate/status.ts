/**
 * What `ranktide status` tells, as `--json` prints it: names stay, unknown is null. Times in seconds.
 */
import type { BoardState } from '../core/board-content.js'
import { asRanktideError } from '../core/errors.js'
import type { Lag, PartitionLag } from '../core/lag.js'
import type { Cause } from '../core/note.js'

export interface Status {
  /** ISO 8601, UTC. */
  readonly at: string
  /** Every server could be asked, every board is exact or assumed, and no counter has lost events. */
  readonly well: boolean
  readonly feeds: readonly FeedReport[]
  readonly boards: readonly BoardReport[]
  readonly counters: readonly CounterReport[]
  /** Null: they could not be read. */
  readonly deadLetters: LettersReport | null
  readonly problems: readonly Problem[]
}

export interface FeedReport {
  readonly name: string
  readonly topics: readonly string[]
  /** Who may publish its boards, and for how long if it does not renew; null: nobody. */
  readonly lease: { readonly owner: string; readonly seconds: number } | null
  /** Since its owner last said that the boards are those of `partitions`. */
  readonly confirmedSeconds: number | null
  readonly partitions: readonly PartitionLag[] | null
  readonly lag: Lag | null
}

export interface BoardReport {
  readonly name: string
  readonly feed: string
  /** As readers get it. Null: Redis could not be asked. */
  readonly state: BoardState | null
  readonly reason: string
  /** Since it was last known to be the table's. */
  readonly ageSeconds: number | null
  readonly version: number | null
  readonly epoch: number | null
  readonly owner: string | null
  /** Of a split board: in all its groups. */
  readonly rows: number | null
  /** N; of each group if the board is split. */
  readonly size: number
  /** `notExact`: neither exact nor assumed. Null: the board is not split. */
  readonly groups: { readonly count: number; readonly notExact: number } | null
  /** When rows were last read for it, by the owner of now; null: none since it began, or not known. */
  readonly lastRead: { readonly cause: Cause; readonly rows: number; readonly secondsAgo: number } | null
  /** What its content is of: next offset by partition. */
  readonly positions: Readonly<Record<string, number>> | null
  readonly lag: Lag | null
}

export interface CounterReport {
  /** `counters.NAME` or `history`, as in the configuration. */
  readonly name: string
  readonly group: string
  /** `next`: the offset that the database has stored. Null: none is stored, or it could not be asked. */
  readonly partitions: readonly PartitionLag[] | null
  readonly lag: Lag | null
}

export interface LettersReport {
  readonly topic: string
  /** Refused messages that nobody has retried or discarded. They do not make anything unwell: boards are read anew. */
  readonly unsettled: number
  /** Age of the oldest of them; null: there are none. */
  readonly oldestSeconds: number | null
  /** By feed, or pipeline of a counter. */
  readonly feeds: Readonly<Record<string, { readonly unsettled: number; readonly oldestSeconds: number }>>
}

export interface Problem {
  readonly server: 'redis' | 'kafka' | 'database'
  /** What it is not known for. */
  readonly what: string
  readonly code: string
  readonly detail: string
}

/** Told what could not be asked. */
export type Tell = (server: Problem['server'], what: string, error: unknown) => void

export const problemOf = (server: Problem['server'], what: string, error: unknown): Problem => {
  const { code, message } = asRanktideError(error)
  return { server, what, code, detail: message }
}
