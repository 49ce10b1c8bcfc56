/**
 * Writes to the table at a steady rate, one statement after the other on one connection, and enters every board that
 * comes of it into the history: before the statement is sent and when it has been answered.
 */
import { setTimeout as delay } from 'node:timers/promises'
import { type Connection, createConnection, type RowDataPacket } from 'mysql2/promise'
import { createStatement, type LikesTable, type Statement } from './likes-table.js'
import type { TrueHistory } from './true-history.js'

export class SteadyWriter {
  readonly #url: string
  readonly #name: string
  readonly #table: LikesTable
  readonly #history: TrueHistory
  readonly #interval: number
  readonly #wanted: {
    readonly make: () => Statement
    readonly done: () => void
    readonly failed: (error: unknown) => void
  }[] = []
  #connection: Connection | undefined
  #running: Promise<void> | undefined
  #writing = false
  /** Statements that were answered, and attempts that had to be repeated because the database was away. */
  statements = 0
  failures = 0

  constructor(url: string, name: string, table: LikesTable, history: TrueHistory, perSecond: number) {
    this.#url = url
    this.#name = name
    this.#table = table
    this.#history = history
    this.#interval = 1_000 / perSecond
  }

  async create(): Promise<void> {
    await this.#send({ sql: createStatement(this.#name), values: [] })
    for (let i = 0; i < 4; i += 1) await this.#change(this.#table.restock())
  }

  start(): void {
    this.#writing = true
    this.#running = this.#write()
    // Told by pause(), which everybody awaits at the end.
    this.#running.catch(() => {})
  }

  /** Resolves when the last statement has been answered. */
  async pause(): Promise<void> {
    this.#writing = false
    await this.#running
  }

  /** Puts a statement between those of the steady traffic; resolves when it has been answered. `make` runs just before. */
  change(make: () => Statement): Promise<void> {
    return new Promise((done, failed) => this.#wanted.push({ make, done, failed }))
  }

  /** What the query says that the board stands for; as readers are told it. */
  async query(size: number): Promise<string> {
    const [rows] = await (await this.#connect()).query<RowDataPacket[]>(
      `SELECT id, biz_id, biz, read_cnt, like_cnt FROM ${this.#name} WHERE like_cnt IS NOT NULL
       ORDER BY like_cnt DESC, id DESC LIMIT ${size}`,
    )
    return rows.map((row) => JSON.stringify(row)).join(',')
  }

  async remove(): Promise<void> {
    await this.#send({ sql: `DROP TABLE IF EXISTS ${this.#name}`, values: [] })
    this.#connection?.destroy()
  }

  async #write(): Promise<void> {
    let due = performance.now()
    while (this.#writing) {
      const wanted = this.#wanted.shift()
      if (wanted === undefined) await this.#change(this.#table.next())
      else await this.#change(wanted.make()).then(wanted.done, wanted.failed)
      // What could not be written in time is not made up for.
      due = Math.max(due + this.#interval, performance.now() - this.#interval)
      await delay(Math.max(0, due - performance.now()))
    }
  }

  async #change(statement: Statement): Promise<void> {
    this.#history.sent(this.#table.content, performance.now())
    await this.#send(statement)
    this.#history.committed(performance.now())
  }

  /** Until it is answered: statements are absolute, so one that was carried out unheard may be sent again. */
  async #send({ sql, values }: Statement): Promise<void> {
    for (;;) {
      try {
        await (await this.#connect()).query({ sql, values: [...values], timeout: 10_000 })
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

  async #connect(): Promise<Connection> {
    if (this.#connection !== undefined) return this.#connection
    const connection = await createConnection({ uri: this.#url, connectTimeout: 2_000 })
    // Without a listener a connection that ends between two statements would end the process.
    connection.on('error', () => {})
    this.#connection = connection
    return connection
  }
}

/** The server was away or going away; a refused statement is a fault of this program. */
const isOutage = (error: unknown): boolean => {
  if (!(error instanceof Error)) return false
  // mysql2's own errors of a connection that has ended have no code.
  const code = 'code' in error && error.code !== undefined ? String(error.code) : error.message
  return away.test(code)
}

const away =
  /^(ECONN|ETIMEDOUT|EPIPE|PROTOCOL_|ER_SERVER_SHUTDOWN|ER_CON|ER_QUERY_INTERRUPTED|Can't add new command|Connection lost)/
