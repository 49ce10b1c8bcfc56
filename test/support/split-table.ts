/** A table whose board is split by a column, on a real server, and what SQL says of each of its groups. */
import { randomUUID } from 'node:crypto'
import { createPool, type Pool, type RowDataPacket } from 'mysql2/promise'
import { canalTopic, type DatabaseName, databaseUrl, stack } from './stack.js'

export type SplitRow = readonly [id: number, biz: string | null, likes: number]

export class SplitTable {
  readonly server: DatabaseName
  readonly table: string
  readonly #connection: Pool

  private constructor(server: DatabaseName, table: string, connection: Pool) {
    this.server = server
    this.table = table
    this.#connection = connection
  }

  static async create(server: DatabaseName): Promise<SplitTable> {
    const table = `s_${randomUUID().slice(0, 8)}`
    const connection = createPool({ uri: databaseUrl(server, 'webook'), connectionLimit: 1 })
    await connection.query(
      `CREATE TABLE ${table} (id BIGINT UNSIGNED NOT NULL PRIMARY KEY, biz VARCHAR(64), like_cnt BIGINT,
       KEY biz_likes (biz, like_cnt)) CHARACTER SET utf8mb4`,
    )
    return new SplitTable(server, table, connection)
  }

  async insert(rows: readonly SplitRow[]): Promise<void> {
    for (let from = 0; from < rows.length; from += 2_000)
      await this.sql(`INSERT INTO ${this.table} (id, biz, like_cnt) VALUES ?`, [rows.slice(from, from + 2_000)])
  }

  async sql(statement: string, values: unknown[] = []): Promise<void> {
    await this.#connection.query(statement, values)
  }

  /** What `GET /boards/likes?per=VALUE` has to answer. */
  async bodyOf(value: string, size: number): Promise<string> {
    const [rows] = await this.#connection.query<RowDataPacket[]>(
      `SELECT id, biz, like_cnt FROM ${this.table} WHERE biz = BINARY ? AND like_cnt IS NOT NULL
       ORDER BY like_cnt DESC, id DESC LIMIT ${size}`,
      [value],
    )
    return JSON.stringify({ code: 200, msg: '查询成功', data: rows })
  }

  yaml(options: { readonly redis: string; readonly prefix: string; readonly instance: string; readonly size: number }) {
    return `kafka: { brokers: "${stack.kafka}", group: "${options.prefix}" }
database: { url: "${databaseUrl(this.server, 'webook')}", refill: { perMinute: 1000, timeout: 20s } }
redis: { url: "${options.redis}", prefix: "${options.prefix}" }
http: { port: 0 }
instance: ${options.instance}
boards:
  likes:
    topic: ${canalTopic(this.server, 'webook')}
    table: webook.${this.table}
    score: like_cnt
    per: biz
    maxBoards: 8000
    size: ${options.size}
    columns: [biz, like_cnt]
`
  }

  async drop(): Promise<void> {
    await this.sql(`DROP TABLE ${this.table}`)
    await this.#connection.end()
  }
}
