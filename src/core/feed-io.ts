/** What goes into a feed and what comes out of it. */
import type { Proof } from './barrier.js'
import type { BoardStatus, Entry } from './board-content.js'
import type { Content } from './board-keeper.js'
import type { BoardSpec } from './board-spec.js'
import type { ErrorCode } from './errors.js'
import type { KeeperEffect } from './keeper-feed.js'
import type { Folded } from './newest-per-key.js'
import type { Note } from './note.js'
import type { Positions } from './positions.js'
import type { RefillRows } from './refill.js'
import type { GroupsRows } from './refill-groups.js'

/** A folded window of the stream. */
export interface Window extends Folded {
  /** Next offset of every partition after this window. */
  readonly positions: Positions
  /** The greatest commit time a partition in this window, ms since 1970. */
  readonly maxEs: ReadonlyMap<string, number>
  readonly messages: number
}

export type FeedInput =
  | { readonly kind: 'window'; readonly window: Window }
  | { readonly kind: 'rows'; readonly request: number; readonly rows: RefillRows }
  | { readonly kind: 'groups'; readonly request: number; readonly rows: GroupsRows }
  | { readonly kind: 'read-failed'; readonly request: number; readonly code: ErrorCode; readonly detail: string }
  | { readonly kind: 'ends'; readonly barrier: number; readonly ends: Positions }
  | { readonly kind: 'barrier-failed'; readonly code: ErrorCode }
  | { readonly kind: 'audit' }
  /** Somebody has found these boards to be wrong: they are read anew as a whole. */
  | { readonly kind: 'doubt'; readonly boards: readonly string[] }
  | { readonly kind: 'tick' }

export type FeedEffect = KeeperEffect

/** What one input led to. */
export interface Step {
  readonly effects: readonly FeedEffect[]
  readonly notes: readonly Note[]
}

/** What a board is at a moment, for publishing and reading. `content`: undefined until it was exact once. */
export interface BoardSnapshot {
  readonly spec: BoardSpec
  readonly status: BoardStatus
  readonly content: Content | undefined
  /** Whether `content` is of the positions that the feed has reached. */
  readonly current: boolean
  /** Since when it has not been, ms since 1970. */
  readonly behindSince: number | undefined
}

/** One group of a split board. */
export interface GroupSnapshot extends BoardSnapshot {
  /** As `groupName` has it; `spec` is that of the whole board. */
  readonly name: string
  readonly value: string
  /** The table has no ranked row of this group: it is to be removed from wherever it is kept. */
  readonly gone: boolean
}

/**
 * A split board as a whole. What it says of itself, if it is not well, holds for every group, too: that the feed is silent
 * or behind is not told of each in `changed`.
 */
export interface SplitSnapshot {
  readonly spec: BoardSpec
  readonly status: BoardStatus
  /** Whether its groups are of the positions that the feed has reached, bar those that are being refilled. */
  readonly current: boolean
  readonly behindSince: number | undefined
  /** Whether every group that there is, is known: a value that no group has is a value that no row has. */
  readonly filled: boolean
  /** How many groups there are. */
  readonly size: number
  /** A group as it is now (not as it was when the snapshot was taken), for readers while Redis is down. */
  group(value: string): GroupSnapshot | undefined
  /** The positions that `group` is of. */
  reached(): Positions
}

export interface FeedSnapshot {
  readonly positions: Positions
  /**
   * Everything that was committed before this time (ms since 1970) is in what `positions` have brought. 0: not known yet;
   * undefined: nothing can prove it here.
   */
  readonly provenAt?: number | undefined
  /** All boards that are not split. */
  readonly boards: readonly BoardSnapshot[]
  readonly splits: readonly SplitSnapshot[]
  /**
   * By name, the groups whose content or status has changed since the snapshot before was handed on: whoever skips a
   * snapshot has to merge it into the next (`mergeSnapshots`).
   */
  readonly changed: ReadonlyMap<string, GroupSnapshot>
}

/** The newer of two snapshots, with what changed since before the older. */
export const mergeSnapshots = (older: FeedSnapshot, newer: FeedSnapshot): FeedSnapshot => {
  if (older.changed.size === 0) return newer
  if (newer.changed.size === 0) return { ...newer, changed: older.changed }
  return { ...newer, changed: new Map([...older.changed, ...newer.changed]) }
}

export interface FeedOptions {
  /** As people know the feed. */
  readonly name?: string
  readonly boards: readonly BoardSpec[]
  readonly partitions: number
  /** Whether markers may be written. */
  readonly marks: boolean
  /** Tells this process's markers from all others, past and present. */
  readonly nonce: string
  /** C, the rows that a board holds; by default twice N and at least 64 more than N. */
  readonly capacityOf?: (board: BoardSpec) => number
  /** Groups of a split board that are read at once, if they are small; by default 500. */
  readonly groupsAtOnce?: number
}

/** What a start found in Redis of a split board. */
export interface RestoredSplit {
  /** By value, the groups that were exact in the version that is there. */
  readonly groups: ReadonlyMap<string, Omit<Restored, 'proof'>>
  /** Values that Redis knows of, where what it holds is of no use: they are read, or told to be gone. */
  readonly unread: readonly string[]
  /** Whether every group that there was at `positions` is among these. */
  readonly filled: boolean
  /** Reading has to start at or before these positions, and those of all groups. */
  readonly positions: Positions
  readonly proof: Proof
}

/** What a start found in Redis of one board. */
export interface Restored {
  readonly entries: readonly Entry[]
  readonly complete: boolean
  readonly positions: Positions
  readonly proof: Proof
}
