/**
 * The base of a replay: every row of the board's table that the range told so far, and those that it was given before
 * the first message. No database is asked: what it holds now is not what the range left.
 *
 * Guarantees: an answer is of exactly the positions that were gathered; it never fails, what the range does not tell is
 * its `doubt`. Reading all rows for a refill may cost no more than the messages that came since the last: until then an
 * answer waits, and boards are short meanwhile, which nobody sees. Order: that of the windows. Duplicates: harmless.
 * Memory: every row of the table.
 */
import { Observable } from 'rxjs'
import type { BoardStatus } from '../core/board-content.js'
import { furthest, type Positions } from '../core/positions.js'
import type { GroupsQuery, GroupsRows } from '../core/refill-groups.js'
import { bestRows, bestRowsOfGroups, type Rows } from '../databases/memory/best-rows.js'
import { StreamTable, type StreamTableState } from '../databases/memory/stream-table.js'
import type { EventBatch } from '../operators/event-batch.js'
import type { RowGatherer } from '../operators/gather-rows.js'
import type { Base, RefillQuery, RefillRows } from '../operators/ports.js'

/** What a range does not tell, whatever it holds. */
export interface RangeReasons {
  /** Because of where it begins: of no interest after a TRUNCATE. */
  readonly before: readonly string[]
  readonly always: readonly string[]
}

/** All that a replay has come to so far: nothing else is needed to go on. */
export interface RangeState {
  readonly table: StreamTableState
  readonly positions: Positions
  /** By partition, the newest commit time, ms since 1970. */
  readonly newest: ReadonlyMap<string, number>
  readonly messages: number
  readonly rows: number
  readonly refused: number
}

export const nothingRead = (): RangeState => ({
  table: { rows: new Map(), doubts: new Map(), broken: undefined, refused: 0 },
  positions: new Map(),
  newest: new Map(),
  messages: 0,
  rows: 0,
  refused: 0,
})

/** Rows that are looked at for each message that came. */
const rowsPerMessage = 2

/** Whether partitions can have overtaken each other is known at the end: until then they may have. */
const several = 2
const onlyBetweenPartitions = ['key-change', 'truncate']
/** The partition stands behind it in the name of a doubt that is not the table's: no TRUNCATE ends it. */
const behindIn = 'behind '
/** The doubt that is noted with every TRUNCATE: what was before it is of no interest any more. */
const emptied = 'truncate'

const brokenReason = (broken: string, refused: number): string => {
  if (refused === 0) return broken
  return `${refused} ${refused === 1 ? 'message' : 'messages'} could not be read; first ${broken}`
}

export class RangeBase implements Base, RowGatherer {
  /** Nobody can write to the past. */
  readonly marks = false
  readonly #table: StreamTable
  readonly #newest: Map<string, number>
  #positions: Positions
  #messages: number
  #rows: number
  #refused: number
  #credit = 0
  #over = false
  #waiting: (() => void)[] = []
  /** Partitions in which what was sent before is being sent again, as of the last window. */
  #behind: readonly string[] = []
  /** The same of a replay that is gone on with here, and what had been the newest there: what is newer ends it. */
  readonly #behindBefore = new Map<string, number>()

  constructor(state: RangeState) {
    const doubts = [...state.table.doubts]
    const ownDoubts = new Map(doubts.filter(([kind]) => !kind.startsWith(behindIn)))
    this.#table = new StreamTable({ ...state.table, doubts: ownDoubts })
    for (const [kind] of doubts) {
      const id = kind.slice(behindIn.length)
      if (kind.startsWith(behindIn)) this.#behindBefore.set(id, state.newest.get(id) ?? 0)
    }
    this.#newest = new Map(state.newest)
    this.#positions = state.positions
    this.#messages = state.messages
    this.#rows = state.rows
    this.#refused = state.refused
  }

  get state(): RangeState {
    const { state } = this.#table
    return {
      table: { ...state, doubts: new Map([...state.doubts, ...this.#behindDoubts()]) },
      positions: this.#positions,
      newest: this.#newest,
      messages: this.#messages,
      rows: this.#rows,
      refused: this.#refused,
    }
  }

  get rows(): Rows {
    return this.#table.rows
  }

  gather({ events, positions, maxEs, messages, behind = [] }: EventBatch): void {
    for (const event of events) {
      if (event.kind === 'row') this.#rows += 1
      else if (event.kind === 'refused') this.#refused += 1
      if (event.kind === 'marker' || event.kind === 'rewound') continue
      if (event.kind === 'held-up' || event.kind === 'going-on') continue
      this.#table.apply(event, several)
    }
    this.#behind = behind
    for (const [id, es] of maxEs) if (es > (this.#behindBefore.get(id) ?? es)) this.#behindBefore.delete(id)
    for (const [id, es] of maxEs) this.#newest.set(id, Math.max(es, this.#newest.get(id) ?? 0))
    this.#positions = furthest(this.#positions, positions)
    this.#messages += messages
    this.#credit = Math.min(this.#credit + messages * rowsPerMessage, this.rows.size + messages)
    if (this.#waiting.length > 0) this.#answerDue()
  }

  /** Nothing more comes: every question is answered at once. */
  finish(): void {
    this.#over = true
    this.#answerDue()
  }

  status(partitions: number, { before, always }: RangeReasons): BoardStatus {
    const { broken, refused, doubts } = this.state.table
    if (broken !== undefined) return { state: 'degraded', reason: brokenReason(broken, refused) }
    const told = [...doubts].filter(([kind]) => partitions > 1 || !onlyBetweenPartitions.includes(kind))
    const reasons = [...always, ...(doubts.has(emptied) ? [] : before), ...told.map(([, doubt]) => doubt)]
    return reasons.length === 0 ? { state: 'exact', reason: '' } : { state: 'assumed', reason: reasons.join('; ') }
  }

  read({ board, limit }: RefillQuery): Observable<RefillRows> {
    return this.#answer((rows) => bestRows(board, limit, rows))
  }

  readGroups({ board, limit, groups }: GroupsQuery): Observable<GroupsRows> {
    return this.#answer((rows) => bestRowsOfGroups(board, limit, groups, rows))
  }

  mark(): Observable<void> {
    return new Observable((subscriber) => subscriber.error(new Error('no marker can be written to the past')))
  }

  /** A row that was sent again is as it was then, beside others as they are: a state that the table never had. */
  #behindDoubts(): readonly (readonly [string, string])[] {
    return [...new Set([...this.#behindBefore.keys(), ...this.#behind])].map((id) => [
      `${behindIn}${id}`,
      `ends while ${id} is being sent again: rows may be older than they were`,
    ])
  }

  #answer<T>(question: (rows: Rows) => T): Observable<T & Pick<RefillRows, 'at'>> {
    return new Observable((subscriber) => {
      this.#waiting.push(() => {
        subscriber.next({ ...question(this.rows), at: this.#positions })
        subscriber.complete()
      })
      this.#answerDue()
    })
  }

  #answerDue(): void {
    while (this.#waiting.length > 0 && (this.#over || this.#credit >= this.rows.size)) {
      this.#credit -= this.rows.size
      this.#waiting.shift()?.()
    }
  }
}
