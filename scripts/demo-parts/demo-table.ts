/** The table of the demo on a real server, and what SQL says of it. */
import { createPool, type Pool, type ResultSetHeader, type RowDataPacket } from 'mysql2/promise'
import { firstArticles } from '../../src/demo/articles.js'
import type { ArticleTable } from '../../src/demo/simulator.js'
import type { Change } from '../../src/demo/traffic.js'

export class DemoTable implements ArticleTable {
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
    await pool.query(`INSERT INTO ${name} (id, biz_id, biz, like_cnt) VALUES ?`, [firstArticles])
    return new DemoTable(name, pool)
  }

  async apply(change: Change): Promise<number | undefined> {
    const [statement, values] = this.#statement(change)
    const [{ insertId, affectedRows }] = await this.#pool.query<ResultSetHeader>(statement, values)
    if (affectedRows === 0) return undefined
    return change.kind === 'publish' ? insertId : change.id
  }

  async articles(): Promise<Map<number, number>> {
    const [rows] = await this.#pool.query<RowDataPacket[]>(`SELECT id, like_cnt FROM ${this.name}`)
    return new Map(rows.map(({ id, like_cnt }) => [Number(id), Number(like_cnt)]))
  }

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
