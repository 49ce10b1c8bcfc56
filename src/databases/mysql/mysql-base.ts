/**
 * The database as a feed's base: the full copy that boards are refilled from.
 *
 * Guarantees: a reading is one consistent snapshot and holds every change committed before the call. Proof is a marker:
 * it is written first, on the primary, and a snapshot counts only if it shows that marker. Reads can be behind what
 * Kafka already has (a replica; semi-sync, which sends a transaction before it is visible), so a snapshot without it is
 * thrown away and taken again. Where markers may not be written, the call waits `overlapMs` instead: an assumption, and
 * `marks` says so. Rests on commits becoming visible in binlog order (see preflight).
 * Nothing is retried after an error, and an error never yields a part of the rows. Memory: one reading.
 */
import { randomUUID } from 'node:crypto'
import { RanktideError } from '../../core/errors.js'
import type { Base, GroupsQuery, GroupsRows, RefillQuery, RefillRows } from '../../operators/ports.js'
import type { MysqlPool, Session } from './connection.js'
import { type MarkerTable, readMarker, writeMarker } from './marker.js'
import { readBoard } from './read-board.js'
import { readGroups } from './read-groups.js'
import { type Clock, type RefillBudget, systemClock } from './refill-budget.js'

export interface MysqlBaseOptions {
  /** The server that Canal reads: markers are written here. */
  readonly primary: MysqlPool
  /** Where boards are read: the primary or a replica of it. */
  readonly refill: MysqlPool
  /** Undefined where no marker may be written. */
  readonly marker: MarkerTable | undefined
  /** Names the marker row; one base a feed. */
  readonly feed: string
  /** How long to wait before a reading that no marker can prove. */
  readonly overlapMs: number
  /** How long a reading may wait for its marker to show on the server it reads. */
  readonly visibleMs: number
  /** Shared by all bases of a database. Markers do not count. */
  readonly budget: RefillBudget
  readonly clock?: Clock
}

/** Between two looks for the marker: about what a healthy replica is behind. */
const lookAgainMs = 50

export class MysqlBase implements Base {
  readonly marks: boolean
  readonly #options: MysqlBaseOptions
  readonly #clock: Clock
  readonly #closing = new AbortController()

  constructor(options: MysqlBaseOptions) {
    this.#options = options
    this.#clock = options.clock ?? systemClock
    this.marks = options.marker !== undefined
  }

  read({ board, limit, spare }: RefillQuery): Promise<RefillRows> {
    return this.#read((session) => readBoard(session, board, limit), spare)
  }

  readGroups(query: GroupsQuery): Promise<GroupsRows> {
    return this.#read((session) => readGroups(session, query))
  }

  async #read<T>(work: (session: Session) => Promise<T>, spare?: number): Promise<T> {
    const { marker, overlapMs, budget } = this.#options
    if (marker !== undefined) {
      return budget.run(async () => {
        const count = await this.#write(marker, randomUUID())
        return this.#readAfter(marker, count, work)
      }, spare)
    }
    // Outside the budget: waiting asks nothing of the database.
    await this.#wait(overlapMs)
    return budget.run(() => this.#snapshot(work), spare)
  }

  async mark(nonce: string): Promise<void> {
    const { marker } = this.#options
    if (marker === undefined) throw new RanktideError('DATABASE_DENIED', 'no marker table may be written')
    await this.#write(marker, nonce)
  }

  /** Ends what waits, with DATABASE_UNREACHABLE. The pools belong to whoever opened them. */
  close(): void {
    this.#closing.abort()
  }

  async #wait(ms: number): Promise<void> {
    try {
      await this.#clock.wait(ms, this.#closing.signal)
    } catch (error) {
      throw new RanktideError('DATABASE_UNREACHABLE', 'shutting down', { cause: error })
    }
  }

  #write(marker: MarkerTable, nonce: string): Promise<number> {
    const { primary, feed } = this.#options
    return primary.use((session) => writeMarker(session, marker, feed, nonce))
  }

  /** Takes snapshots until one shows the marker; its rows are the answer. */
  async #readAfter<T>(marker: MarkerTable, count: number, work: (session: Session) => Promise<T>): Promise<T> {
    const { feed, visibleMs, refill } = this.#options
    const start = this.#clock.now()
    for (;;) {
      const read = await this.#snapshot(async (session) =>
        (await readMarker(session, marker, feed)) < count ? undefined : { rows: await work(session) },
      )
      if (read !== undefined) return read.rows
      if (this.#clock.now() - start >= visibleMs) {
        throw new RanktideError(
          'DATABASE_TIMEOUT',
          `${refill.address}: a marker written ${visibleMs} ms ago is not visible there: is it a replica that lags?`,
        )
      }
      await this.#wait(lookAgainMs)
    }
  }

  #snapshot<T>(work: (session: Session) => Promise<T>): Promise<T> {
    return this.#options.refill.use(async (session) => {
      await session.query('opening a snapshot', 'START TRANSACTION WITH CONSISTENT SNAPSHOT, READ ONLY')
      const result = await work(session)
      await session.query('closing the snapshot', 'COMMIT')
      return result
    })
  }
}
