/** What stands between a board's keeper and its feed: what the keeper asks for, is told, and has done for it. */
import type { BarrierEffect, Proof, Reached } from './barrier.js'
import type { BoardSpec } from './board-spec.js'
import type { ErrorCode } from './errors.js'
import type { Journal } from './journal.js'
import type { FoldedChange } from './newest-per-key.js'
import type { Note } from './note.js'
import type { Positions } from './positions.js'
import type { RefillQuery } from './refill.js'
import type { GroupsQuery } from './refill-groups.js'

export type KeeperEffect =
  | BarrierEffect
  | ({ readonly kind: 'read'; readonly request: number } & RefillQuery)
  | { readonly kind: 'read-groups'; readonly request: number; readonly query: GroupsQuery }

export const keeperLimits = {
  /** Keys that a journal may hold before rows are merged ahead of their barrier. */
  journal: 200_000,
  /** Pause after a failed read, doubled each time, ms. */
  retry: 1_000,
  retryMost: 60_000,
  /** Pause before a rebuild that a new refusal has restarted, doubled each time, ms. */
  heal: 1_000,
  healMost: 300_000,
  /** Peace after which the pause before a rebuild halves, ms. */
  healPeace: 60_000,
} as const

/** What a feed needs of those who keep its boards. */
export interface Keeper {
  readonly spec: BoardSpec
  /** Whether what it keeps may be shown as it is. */
  readonly publishable: boolean
  apply(change: FoldedChange): void
  /** TRUNCATE or DROP: exact at once on one partition. */
  truncate(): void
  /** The board can no longer be vouched for: a rebuild is due, and one under way is of no use any more. */
  degrade(code: ErrorCode, detail: string, crossesPartitions: boolean): void
  /** Compares with the table, if nothing else is wanted. `all`: not by and by. */
  audit(all: boolean): void
  onReadFailed(request: number, code: ErrorCode, detail: string): void
  onMarker(nonce: string): void
  onEnds(barrier: number, ends: Positions): void
  onBarrierFailed(): void
  /** Takes every step that is due; to be called after each window, answer and tick. */
  advance(): readonly KeeperEffect[]
}

/** What the keeper needs of the feed that it belongs to. */
export interface KeeperFeed {
  readonly reached: Reached
  /** Several partitions: TRUNCATE and changed keys can be overtaken on another one. */
  readonly partitions: number
  readonly proof: Proof
  /** What comes is of the past: boards apply it and show nothing of it. */
  readonly rewinding: boolean
  /** Why the stream stands although there is more to come; empty while it goes on. */
  readonly heldUp: string
  /** Why the stream, as far as it has come, is not of the present; empty if it is. */
  readonly behind: string
  /** Whether markers vouch for the age of boards; if not, they can only be assumed to be of the present. */
  readonly vouched: boolean
  /** Time of the input being handled, ms since 1970. */
  readonly now: number
  /** The newest commit time seen, ms since 1970. */
  readonly newestEs: number
  nextId(): number
  nonce(id: number): string
  openJournal(table: string): Journal
  closeJournal(table: string): void
  /** A row shows that what comes was sent before. */
  suspectRewind(): void
  note(note: Note): void
}
