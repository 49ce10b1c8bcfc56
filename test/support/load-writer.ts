/** Steady load on one table: inserts, raises, drops and deletes around the board's edge, and a sentinel on top. */
import { setTimeout as delay } from 'node:timers/promises'
import { type Connection, createConnection } from 'mysql2/promise'
import { Draws } from './draws.js'
import type { Interactives } from './interactives.js'
import { databaseUrl } from './stack.js'
import { type LoadRow, TrueBoards } from './true-boards.js'

/** Rows at the start: several times what a board of ten holds, so that there is something below its floor. */
const rowsAtStart = 300
const sentinelEvery = 100
/** Of the likes: few enough that scores tie. */
const mostLikes = 400
/** Changes aim at the rows that the board holds or is about to hold. */
const edge = 30

export class LoadWriter {
  readonly boards: TrueBoards
  readonly #table: Interactives
  readonly #draws = new Draws()
  readonly #interval: number
  #connection: Connection | undefined
  #nextId = rowsAtStart + 2
  #sentinelAt = Number.NEGATIVE_INFINITY
  #running: Promise<void> = Promise.resolve()
  #paused = true
  /** Statements that were answered. */
  statements = 0
  /** Statements that had to be sent again, since the database was down. */
  failures = 0

  private constructor(table: Interactives, seed: number, perSecond: number, boards: TrueBoards) {
    this.#table = table
    this.#draws.seed(seed)
    this.#interval = 1_000 / perSecond
    this.boards = boards
  }

  /** Fills the table and goes on writing until paused. */
  static async start(table: Interactives, seed: number, perSecond = 80): Promise<LoadWriter> {
    const draws = new Draws()
    draws.seed(seed ^ 0x5bd1e995)
    const rows = Array.from({ length: rowsAtStart }, (_, i): LoadRow => rowOf(i + 2, draws.below(mostLikes)))
    const writer = new LoadWriter(table, seed, perSecond, new TrueBoards(rows, 10))
    await table.sql(`INSERT INTO ${table.table} (id, biz_id, biz, read_cnt, like_cnt) VALUES ?`, [rows])
    await writer.#sentinel()
    writer.resume()
    return writer
  }

  get writing(): boolean {
    return !this.#paused
  }

  resume(): void {
    this.#paused = false
    this.#running = this.#write()
  }

  /** Resolves when the last statement has been answered. */
  async pause(): Promise<void> {
    this.#paused = true
    await this.#running
  }

  async stop(): Promise<void> {
    await this.pause()
    this.#connection?.destroy()
  }

  /**
   * Drops the best rows below all others, one by one, while the table can be read by nobody else: until `release` is
   * called, or the server goes away. To be called while paused.
   */
  async dropBestUnderLock(count: number): Promise<{ release(): void }> {
    const connection = await this.#connect()
    await connection.query(`LOCK TABLES ${this.#table.table} WRITE`)
    for (const [id] of this.boards.ranked.slice(0, count)) {
      const row = rowOf(id, 0)
      this.boards.put(row)
      await connection.query(`UPDATE ${this.#table.table} SET like_cnt = ? WHERE id = ?`, [row[4], id])
    }
    return { release: () => connection.destroy() }
  }

  async #write(): Promise<void> {
    let due = performance.now()
    while (!this.#paused) {
      if (performance.now() - this.#sentinelAt >= sentinelEvery) await this.#sentinel()
      else await this.#change()
      // What could not be written in time is not made up for.
      due = Math.max(due + this.#interval, performance.now() - this.#interval)
      await delay(Math.max(0, due - performance.now()))
    }
  }

  async #sentinel(): Promise<void> {
    this.#sentinelAt = performance.now()
    await this.#put(this.boards.raiseSentinel())
    this.boards.committed()
  }

  /** One change, recorded before it is sent: it can be seen before its statement is answered. */
  async #change(): Promise<void> {
    const kind = this.#draws.below(100)
    if (kind < 25) return this.#putNext(rowOf(this.#nextId++, this.#draws.below(mostLikes)))
    const [id, , , , likes] = this.#choose()
    if (kind < 50) return this.#putNext(rowOf(id, (likes ?? 0) + 1 + this.#draws.below(50)))
    if (kind < 75) return this.#putNext(rowOf(id, this.#draws.below(Math.max(1, likes ?? 0))))
    if (kind < 78) return this.#putNext(rowOf(id, null))
    this.boards.remove(id)
    await this.#send(`DELETE FROM ${this.#table.table} WHERE id = ?`, [id])
  }

  async #putNext(row: LoadRow): Promise<void> {
    this.boards.put(row)
    await this.#put(row)
  }

  #choose(): LoadRow {
    const { ranked } = this.boards
    const among = this.#draws.below(3) > 0 ? Math.min(edge, ranked.length) : ranked.length
    const chosen = ranked[this.#draws.below(among)]
    if (chosen === undefined) throw new Error('the load has emptied its table')
    return chosen
  }

  async #put(row: LoadRow): Promise<void> {
    const columns = 'id, biz_id, biz, read_cnt, like_cnt'
    const update = 'ON DUPLICATE KEY UPDATE like_cnt = VALUES(like_cnt)'
    await this.#send(`INSERT INTO ${this.#table.table} (${columns}) VALUES (?) ${update}`, [row])
  }

  /** Until it is answered. Statements are absolute: one that was carried out unheard changes nothing the second time. */
  async #send(statement: string, values: unknown[]): Promise<void> {
    for (;;) {
      try {
        this.#connection ??= await this.#connect()
        await this.#connection.query({ sql: statement, values, timeout: 10_000 })
        this.statements += 1
        return
      } catch (error) {
        this.failures += 1
        this.#connection?.destroy()
        this.#connection = undefined
        if (!isOutage(error)) throw error
        await delay(100)
      }
    }
  }

  #connect(): Promise<Connection> {
    const { server, database } = this.#table
    return createConnection({ uri: databaseUrl(server, database), connectTimeout: 2_000 }).then((connection) => {
      // Without a listener a connection that ends between two statements would end the process.
      connection.on('error', () => {})
      return connection
    })
  }
}

const rowOf = (id: number, likes: number | null): LoadRow => [id, id, `b${id}`, 0, likes]

/** The server was away or going away; a refused statement is a fault of the test. */
const isOutage = (error: unknown): boolean => {
  if (!(error instanceof Error)) return false
  // mysql2's own errors of a connection that has ended have no code.
  const code = 'code' in error && error.code !== undefined ? String(error.code) : error.message
  return away.test(code)
}

const away =
  /^(ECONN|ETIMEDOUT|EPIPE|PROTOCOL_|ER_SERVER_SHUTDOWN|ER_CON|ER_QUERY_INTERRUPTED|Can't add new command|Connection lost)/
