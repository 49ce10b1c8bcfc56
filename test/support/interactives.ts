/** The table of the acceptance scenarios on a real server, under a name of its own, and what SQL says of it. */
import { randomUUID } from 'node:crypto'
import { createPool, type Pool, type RowDataPacket } from 'mysql2/promise'
import { canalTopic, type DatabaseName, databaseUrl, stack } from './stack.js'

export type Seed = readonly [id: number, bizId: number, biz: string, reads: number, likes: number]

/** The start of the acceptance scenarios: the ten best, and lower ones. */
export const acceptanceRows: readonly Seed[] = [
  [78, 11, 'et', 0, 450],
  [58, 7, 'wq3', 0, 290],
  [20, 4, 'c', 0, 108],
  [60, 7, 'rt', 0, 98],
  [72, 8, 'et', 0, 80],
  [56, 7, 'wq2', 0, 80],
  [62, 7, 'ry', 0, 79],
  [64, 7, 'ry2', 0, 55],
  [68, 8, 'a', 0, 54],
  [70, 8, 'b', 0, 53],
  [10, 1, 'x', 0, 31],
  [11, 1, 'y', 0, 17],
  [12, 1, 'z', 0, 5],
]

export class Interactives {
  readonly server: DatabaseName
  readonly database: 'webook' | 'webook3'
  readonly table: string
  readonly connection: Pool

  private constructor(server: DatabaseName, database: 'webook' | 'webook3', table: string, connection: Pool) {
    this.server = server
    this.database = database
    this.table = table
    this.connection = connection
  }

  static async create(server: DatabaseName, database: 'webook' | 'webook3' = 'webook'): Promise<Interactives> {
    const table = `i_${randomUUID().slice(0, 8)}`
    // One connection, which is opened again when the server has been away.
    const connection = createPool({ uri: databaseUrl(server, database), connectionLimit: 1 })
    await connection.query(
      `CREATE TABLE ${table} (id BIGINT UNSIGNED NOT NULL AUTO_INCREMENT PRIMARY KEY, biz_id BIGINT, biz VARCHAR(128),
       read_cnt BIGINT, like_cnt BIGINT, collect_cnt BIGINT, ctime BIGINT, utime BIGINT,
       UNIQUE KEY biz_type_id (biz, biz_id), KEY like_cnt (like_cnt))`,
    )
    return new Interactives(server, database, table, connection)
  }

  async insert(rows: readonly Seed[]): Promise<void> {
    await this.sql(`INSERT INTO ${this.table} (id, biz_id, biz, read_cnt, like_cnt) VALUES ?`, [rows])
  }

  async sql(statement: string, values: unknown[] = []): Promise<void> {
    await this.connection.query(statement, values)
  }

  /** The body that `GET /boards/likes` must have now, made by the query that the board stands for. */
  async expectedBody(limit = 10): Promise<string> {
    const [rows] = await this.connection.query<RowDataPacket[]>(
      `SELECT id, biz_id, biz, read_cnt, like_cnt FROM ${this.table} WHERE like_cnt IS NOT NULL
       ORDER BY like_cnt DESC, id DESC LIMIT ${limit}`,
    )
    return JSON.stringify({ code: 200, msg: '查询成功', data: rows })
  }

  /** A configuration with the board `likes` on this table. `extra`: further lines of the top level. */
  yaml(options: {
    readonly prefix: string
    readonly instance?: string
    readonly size?: number
    readonly extra?: string
  }): string {
    return `kafka: { brokers: "${stack.kafka}", group: "${options.prefix}" }
database: { url: "${databaseUrl(this.server, this.database)}" }
redis: { url: "${stack.redis}", prefix: "${options.prefix}" }
http: { port: 0 }
${options.instance === undefined ? '' : `instance: ${options.instance}`}
${options.extra ?? ''}
boards:
  likes:
    topic: ${canalTopic(this.server, this.database)}
    table: ${this.database}.${this.table}
    score: like_cnt
    size: ${options.size ?? 10}
    columns: [biz_id, biz, read_cnt, like_cnt]
`
  }

  async drop(): Promise<void> {
    await this.sql(`DROP TABLE ${this.table}`)
    await this.connection.end()
  }
}
