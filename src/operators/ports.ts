/**
 * What the pipelines need from outside. Adapters return promises, simulations return synchronous observables: rxjs
 * takes both (`ObservableInput`), so one pipeline runs in production and in virtual time.
 */
import type { Observable, ObservableInput } from 'rxjs'
import type { BoardDiff, BoardStatus, Entry } from '../core/board-content.js'
import type { Refusal } from '../core/change.js'
import type { RawHeaders } from '../core/letter.js'
import type { Positions } from '../core/positions.js'
import type { RefillQuery, RefillRows } from '../core/refill.js'
import type { GroupsQuery, GroupsRows } from '../core/refill-groups.js'

export type { RefillQuery, RefillRows } from '../core/refill.js'
export type { GroupsQuery, GroupsRows } from '../core/refill-groups.js'

/** One record of a topic, as bytes. */
export interface Message {
  readonly topic: string
  readonly partition: number
  readonly offset: number
  readonly key: Uint8Array | null
  readonly value: Uint8Array | null
  /** Record time, ms since 1970; undefined if the record has none. */
  readonly timestamp: number | undefined
  /** As the client gives them (core/letter.ts reads them); undefined where there are none. */
  readonly headers?: RawHeaders
}

/**
 * Messages in the order of their partitions, with the way to ask for more.
 * `positions`: next offset of every partition of the feed once this batch has been handled.
 */
export interface MessageBatch {
  readonly messages: readonly Message[]
  readonly positions: Positions
  /** Asks for the next batch. Until it is called, the source fetches nothing: this is the only back-pressure. */
  release(): void
}

/**
 * A feed's topics. Guarantees: every record of every partition from the start position on, in partition order, at least
 * once; loss only where the broker itself has dropped records (reported as OFFSETS_GONE). Memory: one batch.
 */
export interface FeedSource {
  /**
   * Reads on from `start`. A partition that it does not name starts at its first record if others of its topic are
   * named (it was added meanwhile), else at the margin before now. Cold. The first batch comes as soon as the
   * partitions are assigned and may be empty: it tells where reading starts.
   */
  batches(start: Positions): Observable<MessageBatch>
  /** The end offset of every partition, asked of the broker now. */
  ends(): ObservableInput<Positions>
  /** Commits offsets under the feed's group; called only with positions whose effects are in Redis. */
  commit(positions: Positions): void
}

/** A message that could not be used, and why. */
export interface RefusedRecord {
  readonly message: Message
  readonly refusal: Refusal
}

export interface DeadLetter extends RefusedRecord {
  /** The feed that refused it. */
  readonly feed: string
}

/** Where refused messages are kept, byte for byte, for somebody to look at. */
export interface DeadLetters {
  /**
   * Ends once all of them are kept, in this order. Fails with KAFKA_*; some may have been kept then, in any order, and
   * are kept twice if they are written again.
   */
  write(letters: readonly DeadLetter[]): ObservableInput<void>
  /**
   * Says of letters written before that their counter has gone on without the events: they were not counted, and are not
   * read again. Values are not looked at. Fails as `write`.
   */
  passed?(letters: readonly DeadLetter[]): ObservableInput<void>
}

/** The full copy of the table: the database. */
export interface Base {
  /**
   * Reads in one consistent snapshot that is proven to hold everything committed before the call: a marker written
   * first is seen in it, or, where no marker may be written, the call waits the configured overlap.
   */
  read(query: RefillQuery): ObservableInput<RefillRows>
  /** As `read`, of many groups of a split board in one snapshot. */
  readGroups(query: GroupsQuery): ObservableInput<GroupsRows>
  /** Writes a marker row that will come back through the feed. Fails with DATABASE_* errors. */
  mark(nonce: string): ObservableInput<void>
  /** Whether markers may be written at all; if not, barriers are assumed and boards say so. */
  readonly marks: boolean
}

/** What a new owner finds in Redis. */
export interface TakenBoard {
  readonly epoch: number
  readonly version: number
  /** In the zset's order. */
  readonly entries: readonly Entry[]
  readonly meta: BoardMeta | undefined
}

/** The parts of the meta hash that a start needs. */
export interface BoardMeta {
  readonly status: BoardStatus
  /** Whether the board held every ranked row of the table: nothing is below its last place. */
  readonly complete: boolean
  /** The board is the table's at these positions. */
  readonly positions: Positions
  /** Greatest commit time seen of each partition (whatever names it), ms since 1970: a rewind is known by it. */
  readonly newest?: ReadonlyMap<string, number>
  /** An operator has asked to read from here again; not once the board in this version was confirmed. */
  readonly readFrom?: Positions
  /** Identifies the definition (table, score, order, columns, size): another one makes the content unusable. */
  readonly definition: string
}

export interface PublishRequest {
  readonly board: string
  readonly epoch: number
  /** The version that the diff was made from. */
  readonly base: number
  readonly diff: BoardDiff
  readonly meta: BoardMeta
  /** As of when the board is known to be the table's, ms since 1970 by this process's clock; default: now. */
  readonly provenAt?: number | undefined
}

export type PublishOutcome =
  | { readonly kind: 'published'; readonly version: number }
  /** Redis does not hold the version that the diff was made from: diff again from what it holds now. */
  | { readonly kind: 'moved'; readonly version: number; readonly entries: readonly Entry[] }
  /** Another owner has taken the board. */
  | { readonly kind: 'fenced' }
  /** The board's keys are gone (FLUSHALL, failover): it has to be taken again. */
  | { readonly kind: 'lost' }

/** What Redis knows of the groups of a split board. */
export interface Registry {
  /** Value of each group that was ever registered and not removed since → the version last vouched for, if any. */
  readonly groups: ReadonlyMap<string, number | undefined>
  /** Number of the last vouching that is known there; 0 before the first. */
  readonly vouched: number
  /** At these positions no group had a row that was ever removed from it; before them it may lack groups. */
  readonly removedAt: Positions
}

/** A split board and the epoch under which its own board was taken: who is fenced there changes no registry. */
export interface OwnedSplit {
  readonly board: string
  readonly epoch: number
}

/** Versions of groups that are the table's; none, where only the number is looked for. */
export interface Vouching {
  readonly versions: ReadonlyMap<string, number>
  readonly number: number
  /** Number of the last one that was answered; undefined: it begins anew, all groups were registered again. */
  readonly after: number | undefined
}

export type ForgetOutcome = { readonly kind: 'forgotten' } | Exclude<PublishOutcome, { kind: 'published' }>

/**
 * The groups of split boards in Redis. The calls that change a registry fail with LEASE_LOST where another owner has the
 * split board, and answer false where its own keys or the vouching before are gone: all of it has to be taken again.
 */
export interface GroupStore {
  /** As `take`, of many boards, in the order asked; some may have been taken when it fails. */
  takeAll(boards: readonly string[]): ObservableInput<readonly TakenBoard[]>
  registered(board: string): ObservableInput<Registry>
  /** Before a group's first publish: a later owner finds every group that may have keys. */
  register(split: OwnedSplit, values: readonly string[]): ObservableInput<boolean>
  /** Just before a confirmation that names the number: these groups in these versions are part of what it confirms. */
  vouch(split: OwnedSplit, vouching: Vouching): ObservableInput<boolean>
  /** Deletes the keys of a board, if they still hold the version `base`. */
  forget(board: string, epoch: number, base: number): ObservableInput<ForgetOutcome>
  /** After their keys are gone. At `positions` these groups had no row. `numbers`: as of a vouching that names no version. */
  unregister(
    split: OwnedSplit,
    values: readonly string[],
    positions: Positions,
    numbers?: Pick<Vouching, 'number' | 'after'>,
  ): ObservableInput<boolean>
}

/** The boards in Redis, for their owner. Every call may fail with REDIS_*; the outcome is then unknown. */
export interface BoardStore extends GroupStore {
  /** Becomes the board's owner: raises its epoch, so that every earlier owner is fenced, and returns what is there. */
  take(board: string): ObservableInput<TakenBoard>
  /** All requests in one round trip; outcomes in the order of the requests. */
  publish(requests: readonly PublishRequest[]): ObservableInput<readonly PublishOutcome[]>
  /**
   * Confirms, once a second, that the feed's boards in these versions are those of `positions`, and that everything
   * committed before `at` (ms since 1970 by this process's clock; default: now) is in them.
   */
  confirm(positions: Positions, versions: ReadonlyMap<string, number>, at?: number): ObservableInput<void>
  /** What was confirmed last, by whichever owner; empty if nothing ever was. */
  confirmed(): ObservableInput<Confirmation>
}

/**
 * Boards that were exact in these versions are the table's at these positions. Of any other version it tells nothing:
 * Redis may have lost writes since, or another owner, who is behind, may have written.
 */
export interface Confirmation {
  readonly positions: Positions
  readonly versions: ReadonlyMap<string, number>
}

/** A board as plain reads find it in Redis. */
export interface FoundBoard {
  readonly epoch: number
  readonly owner: string
  readonly version: number
  /** In the zset's order; a row without a place in the zset comes last, with the score `nan`, equal to no number. */
  readonly entries: readonly Entry[]
}

/** Plain reads by which an owner compares its boards with Redis in turn, so that foreign writes are found and healed. */
export interface BoardInspector {
  /** The version of each board, in the order asked; undefined: its meta is gone. One round trip. */
  versions(boards: readonly string[]): ObservableInput<readonly (number | undefined)[]>
  /** Undefined: its meta is gone. */
  inspect(board: string): ObservableInput<FoundBoard | undefined>
}
