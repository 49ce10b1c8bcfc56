/**
 * What Redis holds of a feed's boards, as far as their owner knows, and what has to be sent to make it what the feed
 * holds. Pure bookkeeping: a difference is made from a known version and holds only if Redis still has that version.
 */
import type { BoardStatus, Entry } from '../core/board-content.js'
import { diffBoards, isEmpty } from '../core/board-diff.js'
import type { BoardSnapshot, FeedSnapshot } from '../core/feed-io.js'
import type { BoardMeta, FoundBoard, PublishOutcome, PublishRequest, TakenBoard } from './ports.js'

/** A board as it is in Redis. */
export interface PublishedBoard {
  readonly epoch: number
  readonly version: number
  readonly entries: readonly Entry[]
  readonly meta: BoardMeta
  /** Redis was found to hold something else than was put there: its meta is not known, and has to be written. */
  readonly doubtful: boolean
}

const unknown: BoardMeta = {
  status: { state: 'stale', reason: 'starting' },
  complete: false,
  positions: new Map(),
  definition: '',
}

const unanswering: BoardStatus = { state: 'stale', reason: 'Redis did not answer' }

/** A request, and what the board is in Redis once it is carried out. */
export interface Publish {
  readonly request: PublishRequest
  readonly entries: readonly Entry[]
}

export class PublishedBoards {
  readonly #there = new Map<string, PublishedBoard>()
  readonly #definitions: ReadonlyMap<string, string>
  /** Boards of which a publish was not answered. */
  readonly #unanswered = new Set<string>()

  constructor(taken: ReadonlyMap<string, TakenBoard>, definitions: ReadonlyMap<string, string>) {
    this.#definitions = definitions
    for (const [board, found] of taken) this.take(board, found)
  }

  get(board: string): PublishedBoard | undefined {
    return this.#there.get(board)
  }

  names(): readonly string[] {
    return [...this.#there.keys()]
  }

  /** The version of each board that is what its owner put there. */
  versions(): ReadonlyMap<string, number> {
    const sure = [...this.#there].filter(([board, { doubtful }]) => !doubtful && !this.#unanswered.has(board))
    return new Map(sure.map(([board, { version }]) => [board, version]))
  }

  /** The board was taken (again): this is what was found. */
  take(board: string, { epoch, version, entries, meta }: TakenBoard): void {
    this.#there.set(board, { epoch, version, entries, meta: meta ?? unknown, doubtful: meta === undefined })
  }

  /**
   * These were sent and not answered: they may have been carried out, or may still be. Whatever is sent next gives the
   * board another version, or tells which one it has: then what is still under way will be refused.
   */
  unsettle(publishes: readonly Publish[]): void {
    for (const { request } of publishes) this.#unanswered.add(request.board)
  }

  /** The publishes that are due: none for a board that is there as it is here. */
  due(snapshot: FeedSnapshot): readonly Publish[] {
    return snapshot.boards.flatMap((board) => this.#dueFor(board))
  }

  settle({ request, entries }: Publish, outcome: PublishOutcome): void {
    const { board, epoch, meta } = request
    this.#unanswered.delete(board)
    if (outcome.kind === 'published')
      this.#there.set(board, { epoch, version: outcome.version, entries, meta, doubtful: false })
    else if (outcome.kind === 'moved') this.#correct(board, outcome.version, outcome.entries)
  }

  /** What a plain read found while nothing was being published: true when it is not what was expected there. */
  compare(board: string, found: FoundBoard): boolean {
    const there = this.#there.get(board)
    if (there === undefined) return false
    if (there.version === found.version && isEmpty(diffBoards(found.entries, there.entries))) return false
    this.#correct(board, found.version, found.entries)
    return true
  }

  #correct(board: string, version: number, entries: readonly Entry[]): void {
    const there = this.#there.get(board)
    if (there !== undefined) this.#there.set(board, { ...there, version, entries, doubtful: true })
  }

  #dueFor({ spec, content, status }: BoardSnapshot): readonly Publish[] {
    const there = this.#there.get(spec.name)
    if (there === undefined) return []
    // Nothing is there and nothing is here: readers keep what they read last, which an empty board would take from them.
    if (content === undefined && there.meta === unknown) return []
    const entries = content?.entries ?? there.entries
    const meta: BoardMeta =
      content === undefined
        ? // What was found there is no board that a start may go on from: no definition fits it.
          { ...there.meta, status, definition: there.doubtful ? '' : there.meta.definition }
        : {
            status,
            complete: content.complete,
            positions: content.positions,
            definition: this.#definitions.get(spec.name) ?? '',
          }
    const diff = diffBoards(there.entries, entries)
    const unanswered = this.#unanswered.has(spec.name)
    if (!there.doubtful && !unanswered && isEmpty(diff) && sameMeta(there.meta, meta)) {
      // The same members, in the board's order now: the next comparison need not look at them.
      if (there.entries !== entries) this.#there.set(spec.name, { ...there, entries })
      return []
    }
    // Only another state makes another version where no row differs.
    const same = unanswered && isEmpty(diff) && sameStatus(there.meta.status, meta.status)
    const told = same ? { ...meta, status: unanswering } : meta
    const request = { board: spec.name, epoch: there.epoch, base: there.version, diff, meta: told }
    return [{ request, entries }]
  }
}

/** Positions alone are no reason to write: the heartbeat has them. */
const sameMeta = (a: BoardMeta, b: BoardMeta): boolean =>
  sameStatus(a.status, b.status) && a.complete === b.complete && a.definition === b.definition

const sameStatus = (a: BoardStatus, b: BoardStatus): boolean => a.state === b.state && a.reason === b.reason
