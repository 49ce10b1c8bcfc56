/**
 * Reads a range through the pipeline of `run` and comes to the boards that it leaves.
 *
 * Guarantees: the result is a function of the messages, in their order, and of the state that it began with, however they
 * came in batches and wherever it was interrupted: time stands still until the last message, and what boards wait for
 * then is given to them before it goes on. What they come to is compared with the rows, sorted as a whole. Loss: none.
 * Memory: every row of the board's table, and two windows of messages.
 */
import {
  concat,
  concatMap,
  defer,
  from,
  NEVER,
  type Observable,
  Subject,
  takeUntil,
  tap,
  VirtualAction,
  VirtualTimeScheduler,
} from 'rxjs'
import { replayPipeline } from '../../pipelines/replay.js'
import type { BoardSpec } from '../core/board-spec.js'
import type { Decode } from '../core/change.js'
import { RanktideError } from '../core/errors.js'
import { Feed } from '../core/feed.js'
import type { FeedSnapshot, GroupSnapshot } from '../core/feed-io.js'
import type { Note } from '../core/note.js'
import { hasPassed, type Positions } from '../core/positions.js'
import type { DecodeObserver } from '../operators/decode-messages.js'
import type { MessageBatch } from '../operators/ports.js'
import type { Saver } from '../operators/save-between.js'
import type { WindowLimits } from '../operators/window-events.js'
import type { RangeBase, RangeState } from './range-base.js'
import type { ReplayedBoard } from './replay-result.js'
import { checkAgainstRows, settledBoards } from './settled-board.js'

export interface RangeOptions {
  readonly spec: BoardSpec
  readonly decode: Decode
  /** The range from the state's positions on; ends where the range ends. Its first batch comes whatever there is. */
  readonly batches: (start: Positions) => Observable<MessageBatch>
  readonly base: RangeBase
  readonly window?: WindowLimits
  /** Rows that the board holds, as of `FeedOptions`. */
  readonly capacityOf?: (board: BoardSpec) => number
  readonly saver?: Saver
  /** After every batch. */
  readonly progress?: DecodeObserver
  readonly stop$?: Observable<RanktideError>
}

export interface RangeOutcome {
  readonly boards: readonly ReplayedBoard[]
  readonly state: RangeState
}

/** `time` never ends a window here: nothing waits for the next message but the end. */
const usualWindow: WindowLimits = { events: 5_000, time: 50 }
/** Groups of a split board that are read at once: all of them, they are in memory. */
const allGroups = 1_000_000_000
/** Virtual ms: longer than any pause of a board. */
const [settleStep, settleMost] = [1_000, 3_600_000] as const
const neverSaved: Saver = { due: () => false, save: () => [] }

/** Fails with what the source fails with, with what `stop$` tells, and with GROUPS_LIMIT. */
export const replayRange = (options: RangeOptions): Promise<RangeOutcome> => new RangeReplay(options).run()

class RangeReplay {
  readonly #options: RangeOptions
  readonly #feed: Feed
  readonly #time: VirtualTimeScheduler
  readonly #groups = new Map<string, GroupSnapshot>()
  readonly #limits: string[] = []
  #snapshot: FeedSnapshot | undefined
  /** What the last batch that was read leads to. */
  #read: Positions = new Map()
  #saving: Promise<unknown> = Promise.resolve()
  #fail: (error: unknown) => void = () => {}

  constructor(options: RangeOptions) {
    const { spec, capacityOf } = options
    this.#options = options
    this.#feed = new Feed({
      boards: [spec],
      partitions: 1,
      marks: false,
      nonce: 'replay',
      groupsAtOnce: allGroups,
      ...(capacityOf === undefined ? {} : { capacityOf }),
    })
    // Times of 0 mean "never" to a feed.
    this.#time = new VirtualTimeScheduler(VirtualAction, settleStep)
    this.#time.frame = settleStep
  }

  run(): Promise<RangeOutcome> {
    const { base, batches, stop$ = NEVER } = this.#options
    return new Promise((resolve, reject) => {
      const over$ = new Subject<void>()
      const fail = (error: unknown): void => {
        over$.next()
        // Nothing changes any more, but what is being saved has to be whole.
        this.#saving.then(
          () => reject(error),
          () => reject(error),
        )
      }
      const end = (): void => {
        base.finish()
        this.#settle().then((boards) => {
          over$.next()
          resolve({ boards, state: base.state })
        }, fail)
      }
      this.#fail = fail
      const noteRead = tap(({ positions }: MessageBatch) => {
        this.#read = positions
      })
      const ended = defer(() => {
        queueMicrotask(end)
        return NEVER
      })
      // Not at once: what the first batch leads to is answered only when all of the pipeline is subscribed.
      const source = {
        batches: (start: Positions) =>
          from(Promise.resolve()).pipe(concatMap(() => concat(batches(start).pipe(noteRead), ended))),
      }
      this.#pipeline(source).pipe(takeUntil(over$)).subscribe({ error: fail })
      // After the pipeline, which it has to end even if it tells at once: nothing may change once this has failed.
      stop$.pipe(takeUntil(over$)).subscribe(fail)
    })
  }

  #pipeline(source: { batches(start: Positions): Observable<MessageBatch> }): Observable<FeedSnapshot> {
    const { base, decode, progress = {}, window = usualWindow } = this.#options
    return replayPipeline({
      source,
      start: base.state.positions,
      decode,
      decoding: progress,
      newest: new Map(base.state.newest),
      window,
      rows: base,
      saver: this.#saver(),
      keeping: {
        feed: this.#feed,
        base,
        source: { ends: () => [base.state.positions] },
        scheduler: this.#time,
        auditEvery: undefined,
        note: (note) => this.#note(note),
      },
    }).pipe(
      tap((snapshot) => {
        this.#snapshot = snapshot
        for (const [name, group] of snapshot.changed) this.#groups.set(name, group)
      }),
    )
  }

  #saver(): Saver {
    const { saver = neverSaved } = this.#options
    return {
      due: () => saver.due(),
      save: () => {
        const saving = new Promise<void>((resolve, reject) => {
          defer(() => saver.save()).subscribe({ complete: resolve, error: reject })
        })
        this.#saving = saving
        saving.catch(this.#fail)
        return saving
      },
    }
  }

  #note(note: Note): void {
    if (note.kind === 'degraded' && note.code === 'GROUPS_LIMIT') this.#limits.push(note.detail)
  }

  /** Time goes by, and nothing else, until the boards are of the last position. */
  async #settle(): Promise<readonly ReplayedBoard[]> {
    const { spec, base } = this.#options
    for (let waited = 0; waited < settleMost; waited += settleStep) {
      await this.#saving
      this.#time.maxFrames += settleStep
      this.#time.flush()
      if (this.#snapshot === undefined || !hasPassed(this.#snapshot.positions, this.#read)) continue
      const boards = settledBoards(spec, this.#snapshot, this.#groups)
      if (boards === undefined) continue
      checkAgainstRows(spec, boards, base.rows)
      return boards
    }
    const limit = this.#limits.at(-1)
    if (limit !== undefined) throw new RanktideError('GROUPS_LIMIT', limit)
    throw new RanktideError('UNEXPECTED', `board ${spec.name} does not come to rest`)
  }
}
