/** Counts from the table itself: what is committed now, one query a call. Memory: the rows asked for. */
import type { MysqlPool } from '../../src/databases/mysql/connection.js'
import { type Counts, type CountsSource, noCounts, type TableNames } from './item.js'

export class CountsTable implements CountsSource {
  readonly #pool: MysqlPool
  readonly #table: string

  constructor(pool: MysqlPool, { interactives }: Pick<TableNames, 'interactives'>) {
    this.#pool = pool
    this.#table = interactives
  }

  async read(biz: string, ids: readonly string[]): Promise<ReadonlyMap<string, Counts>> {
    const counts = new Map(ids.map((id) => [id, noCounts]))
    if (ids.length === 0) return counts
    const { rows } = await this.#pool.use((session) =>
      session.query(
        'reading counts',
        `SELECT biz_id, read_cnt, like_cnt, collect_cnt FROM ${this.#table}
         WHERE biz = ? AND biz_id IN (${ids.map(() => 'CAST(? AS UNSIGNED)').join(', ')})`,
        [biz, ...ids],
      ),
    )
    for (const [id, read_cnt, like_cnt, collect_cnt] of rows) {
      counts.set(id ?? '', { read_cnt: read_cnt ?? '0', like_cnt: like_cnt ?? '0', collect_cnt: collect_cnt ?? '0' })
    }
    return counts
  }
}
