/** The table of the demo on a real server, what SQL says of it, and what the counter has written beside it. */
import { createConnection, createPool, type Pool, type ResultSetHeader, type RowDataPacket } from 'mysql2/promise'
import type { ItemKey } from '../../src/core/count-batch.js'
import { itemText } from '../../src/core/folding.js'
import { type CountColumn, firstArticles } from '../../src/demo/articles.js'
import type { CountedReads } from '../../src/demo/demo-verdict.js'
import type { ArticleTable } from '../../src/demo/simulator.js'
import type { Change } from '../../src/demo/traffic.js'
import type { Names } from './demo-setting.js'
import { webookTables } from './webook-app.js'

export class DemoTable implements ArticleTable, CountedReads {
  /** `database.table`. */
  readonly name: string
  readonly #pool: Pool
  readonly #items: Map<number, ItemKey>
  /** Numbers new articles for read events: ids are given by the server, and with gaps. */
  #nextBizId = 1

  private constructor(name: string, pool: Pool) {
    this.name = name
    this.#pool = pool
    this.#items = new Map(firstArticles.map(([id, bizId, biz]) => [id, { biz, bizId: String(bizId) }]))
  }

  /**
   * Makes the example application's tables and fills that of the articles; fails if one is there already. `url` names the
   * database of ranktide's own tables.
   */
  static async create(url: string, { table, tables, webookUrl }: Names): Promise<DemoTable> {
    const webook = await createConnection(webookUrl)
    for (const statement of webookTables(tables)) await webook.query(statement)
    await webook.end()
    const pool = createPool({ uri: url, connectionLimit: 4 })
    await pool.query(`INSERT INTO ${table} (id, biz_id, biz, like_cnt) VALUES ?`, [firstArticles])
    return new DemoTable(table, pool)
  }

  item(id: number): ItemKey | undefined {
    return this.#items.get(id)
  }

  async apply(change: Change): Promise<number | undefined> {
    if (change.kind === 'publish') return this.#publish(change.likes)
    const [statement, values] =
      change.kind === 'delete'
        ? [`DELETE FROM ${this.name} WHERE id = ?`, [change.id]]
        : [`UPDATE ${this.name} SET like_cnt = like_cnt + ? WHERE id = ?`, [change.likes, change.id]]
    const [{ affectedRows }] = await this.#pool.query<ResultSetHeader>(statement, values)
    if (change.kind === 'delete') this.#items.delete(change.id)
    return affectedRows === 0 ? undefined : change.id
  }

  async articles(): Promise<Map<number, number>> {
    const [rows] = await this.#pool.query<RowDataPacket[]>(`SELECT id, like_cnt FROM ${this.name}`)
    return new Map(rows.map(({ id, like_cnt }) => [Number(id), Number(like_cnt)]))
  }

  async best(column: CountColumn, limit: number): Promise<string> {
    const [rows] = await this.#pool.query<RowDataPacket[]>(
      `SELECT id, biz_id, biz, read_cnt, like_cnt FROM ${this.name} ORDER BY ${column} DESC, id DESC LIMIT ${limit}`,
    )
    return JSON.stringify(rows)
  }

  totals(): Promise<Map<string, number>> {
    return this.#byItem(`SELECT biz, biz_id, read_cnt AS events FROM ${this.name} WHERE read_cnt > 0`)
  }

  counted(): Promise<Map<string, number>> {
    return this.#byItem(
      "SELECT biz, biz_id, SUM(events) AS events FROM count_buckets WHERE counter = 'reads' AND unit = 'day' GROUP BY biz, biz_id",
    )
  }

  /** Ends the connections; the table stays. */
  close(): Promise<void> {
    return this.#pool.end()
  }

  async #byItem(query: string): Promise<Map<string, number>> {
    const [rows] = await this.#pool.query<RowDataPacket[]>(query)
    return new Map(rows.map(({ biz, biz_id, events }) => [itemText({ biz, bizId: String(biz_id) }), Number(events)]))
  }

  async #publish(likes: number): Promise<number> {
    const bizId = this.#nextBizId++
    const statement = `INSERT INTO ${this.name} (biz_id, biz, like_cnt) VALUES (?, 'new', ?)`
    const [{ insertId }] = await this.#pool.query<ResultSetHeader>(statement, [bizId, likes])
    this.#items.set(insertId, { biz: 'new', bizId: String(bizId) })
    return insertId
  }
}
