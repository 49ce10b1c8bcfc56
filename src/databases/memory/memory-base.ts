/**
 * A base that is made of the stream itself: all rows of the tracked tables, read from the first message that the topics
 * still have. For replays and the demo, where there is no database to ask.
 *
 * Guarantees: an answer is what the stream says up to one position, which it names (`at`) and which is not before the
 * call; it gives the rows that SQL would. What the stream does not tell is never guessed: messages lost before the
 * first one, a table that was altered, partitions that may have overtaken each other are `doubt`; a message that could
 * not be read, a table that was swapped, a rollback after the fact make readings fail with STREAM_INCOMPLETE until a
 * TRUNCATE. Order: that of each partition. Duplicates: harmless. Memory: every row of the tracked tables.
 */
import { RanktideError } from '../../core/errors.js'
import type { GroupsQuery, GroupsRows } from '../../core/refill-groups.js'
import type { TableShape } from '../../core/table.js'
import type { Base, RefillQuery, RefillRows } from '../../operators/ports.js'
import { bestRows, bestRowsOfGroups, type Rows } from './best-rows.js'
import { StreamReading, type StreamReadingOptions } from './stream-reading.js'

export class MemoryBase implements Base {
  /** Nobody can write to the stream. */
  readonly marks = false
  readonly #options: StreamReadingOptions
  #reading: Promise<StreamReading> | undefined
  #closed = false

  /** Reads nothing before the first question. */
  constructor(options: StreamReadingOptions) {
    this.#options = options
  }

  read({ board, limit }: RefillQuery): Promise<RefillRows> {
    return this.#answer(board.table, (rows) => bestRows(board, limit, rows))
  }

  readGroups({ board, limit, groups }: GroupsQuery): Promise<GroupsRows> {
    return this.#answer(board.table, (rows) => bestRowsOfGroups(board, limit, groups, rows))
  }

  async mark(): Promise<void> {
    throw new RanktideError('DATABASE_DENIED', 'no marker can be written to a stream that is only read')
  }

  /** Ends the reading of the stream, and what waits for it, with KAFKA_FAILED. The stream is its opener's to close. */
  async close(): Promise<void> {
    this.#closed = true
    const reading = await this.#reading?.catch(() => undefined)
    reading?.stop(closed())
  }

  /** What `question` says of the table's rows, and of which position of the stream they are. */
  async #answer<T>(shape: TableShape, question: (rows: Rows) => T): Promise<T & Pick<RefillRows, 'at' | 'doubt'>> {
    const reading = await this.#begun()
    await reading.catchUp()
    const { rows, doubt } = reading.table(shape)
    return { ...question(rows), at: reading.positions, ...(doubt === undefined ? {} : { doubt }) }
  }

  /** The reading under way; after one that has ended, a new one from the beginning. */
  #begun(): Promise<StreamReading> {
    if (this.#closed) throw closed()
    this.#reading ??= this.#begin()
    return this.#reading
  }

  async #begin(): Promise<StreamReading> {
    const over = (): void => {
      this.#reading = undefined
    }
    try {
      return await StreamReading.begin(this.#options, over)
    } catch (error) {
      over()
      throw error
    }
  }
}

const closed = (): RanktideError => new RanktideError('KAFKA_FAILED', 'shutting down')
