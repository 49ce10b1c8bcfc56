/** The table of the demo on a real server, and what SQL says of it. */
import { createPool, type Pool, type ResultSetHeader, type RowDataPacket } from 'mysql2/promise'
import type { Change } from './traffic.js'

type Seed = readonly [id: number, bizId: number, biz: string, likes: number]

/** The ten best at the start. */
const best: readonly Seed[] = [
  [78, 11, 'et', 450],
  [58, 7, 'wq3', 290],
  [20, 4, 'c', 108],
  [60, 7, 'rt', 98],
  [72, 8, 'et', 80],
  [56, 7, 'wq2', 80],
  [62, 7, 'ry', 79],
  [64, 7, 'ry2', 55],
  [68, 8, 'a', 54],
  [70, 8, 'b', 53],
]

/** Many more below them, so that the worker holds only a small part of the table. */
const lower = (count: number): readonly Seed[] =>
  Array.from({ length: count }, (_, i) => [1000 + i, 1000 + i, 'post', i % 50])

export class DemoTable {
  /** `database.table`. */
  readonly name: string
  readonly #pool: Pool

  private constructor(name: string, pool: Pool) {
    this.name = name
    this.#pool = pool
  }

  /** Makes and fills it; fails if it is there already. */
  static async create(url: string, name: string): Promise<DemoTable> {
    const pool = createPool({ uri: url, connectionLimit: 4 })
    // An InnoDB secondary index ends in the primary key: this one serves "like_cnt DESC, id DESC" without sorting.
    await pool.query(
      `CREATE TABLE ${name} (id BIGINT UNSIGNED NOT NULL AUTO_INCREMENT PRIMARY KEY, biz_id BIGINT NOT NULL,
       biz VARCHAR(128) NOT NULL, read_cnt BIGINT NOT NULL DEFAULT 0, like_cnt BIGINT NOT NULL DEFAULT 0,
       KEY like_cnt (like_cnt))`,
    )
    const rows = [...best, ...lower(2_000)]
    await pool.query(`INSERT INTO ${name} (id, biz_id, biz, like_cnt) VALUES ?`, [rows])
    return new DemoTable(name, pool)
  }

  /** Carries out one change; returns the id that it concerned, or undefined if the row was gone. */
  async apply(change: Change): Promise<number | undefined> {
    const [statement, values] = this.#statement(change)
    const [{ insertId, affectedRows }] = await this.#pool.query<ResultSetHeader>(statement, values)
    if (affectedRows === 0) return undefined
    return change.kind === 'publish' ? insertId : change.id
  }

  /** All rows as id and likes. */
  async articles(): Promise<Map<number, number>> {
    const [rows] = await this.#pool.query<RowDataPacket[]>(`SELECT id, like_cnt FROM ${this.name}`)
    return new Map(rows.map(({ id, like_cnt }) => [Number(id), Number(like_cnt)]))
  }

  /** What the board stands for: the `data` of `GET /boards/likes`, as JSON text. */
  async best(limit: number): Promise<string> {
    const [rows] = await this.#pool.query<RowDataPacket[]>(
      `SELECT id, biz_id, biz, read_cnt, like_cnt FROM ${this.name} ORDER BY like_cnt DESC, id DESC LIMIT ${limit}`,
    )
    return JSON.stringify(rows)
  }

  /** Ends the connections; the table stays. */
  close(): Promise<void> {
    return this.#pool.end()
  }

  drop(): Promise<unknown> {
    return this.#pool.query(`DROP TABLE ${this.name}`)
  }

  #statement(change: Change): [string, unknown[]] {
    switch (change.kind) {
      case 'like':
      case 'unlike':
        return [`UPDATE ${this.name} SET like_cnt = like_cnt + ? WHERE id = ?`, [change.likes, change.id]]
      case 'publish':
        return [`INSERT INTO ${this.name} (biz_id, biz, like_cnt) VALUES (0, 'new', ?)`, [change.likes]]
      case 'delete':
        return [`DELETE FROM ${this.name} WHERE id = ?`, [change.id]]
    }
  }
}
