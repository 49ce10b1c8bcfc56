/** The demo's table without a database: rows in memory, each change told to a stream as Canal would. */
import type { ItemKey } from '../core/count-batch.js'
import { itemText } from '../core/folding.js'
import type { TableDescription } from '../databases/mysql/describe-table.js'
import { type CountColumn, firstArticles } from './articles.js'
import { type CanalChange, type CanalRow, type CanalTable, canalMessage } from './canal-messages.js'
import type { ArticleTable } from './simulator.js'
import type { Change } from './traffic.js'

export const database = 'webook'
export const table = 'interactives'

const integer = { kind: 'integer', unsigned: false } as const

/** What INFORMATION_SCHEMA would say. */
export const articlesDescription: TableDescription = {
  database,
  table,
  engine: 'InnoDB',
  columns: [
    {
      name: 'id',
      type: { kind: 'integer', unsigned: true },
      sqlType: 'bigint unsigned',
      charset: null,
      nullable: false,
    },
    { name: 'biz_id', type: integer, sqlType: 'bigint', charset: null, nullable: false },
    {
      name: 'biz',
      type: { kind: 'text', binary: false, faithful: true },
      sqlType: 'varchar(128)',
      charset: 'utf8mb4',
      nullable: false,
    },
    { name: 'read_cnt', type: integer, sqlType: 'bigint', charset: null, nullable: false },
    { name: 'like_cnt', type: integer, sqlType: 'bigint', charset: null, nullable: false },
  ],
  indexes: [
    { name: 'PRIMARY', unique: true, columns: ['id'] },
    { name: 'biz', unique: true, columns: ['biz', 'biz_id'] },
    { name: 'read_cnt', unique: false, columns: ['read_cnt'] },
    { name: 'like_cnt', unique: false, columns: ['like_cnt'] },
  ],
}

const canalTable: CanalTable = {
  database,
  table,
  columns: Object.fromEntries(articlesDescription.columns.map(({ name, sqlType }) => [name, sqlType])),
  key: ['id'],
}

/** `biz` and `biz_id` are a key, too: what read events call an article. */
interface Article {
  readonly id: number
  readonly biz_id: number
  readonly biz: string
  readonly read_cnt: number
  readonly like_cnt: number
}

const canalRow = (article: Article): CanalRow =>
  Object.fromEntries(Object.entries(article).map(([column, value]) => [column, String(value)]))

const itemOf = ({ biz, biz_id }: Article): ItemKey => ({ biz, bizId: String(biz_id) })

/** Takes a message, and the id of the article that it is about. */
export type Append = (value: Uint8Array, id: number) => void

export class StreamedArticles implements ArticleTable {
  readonly #append: Append
  readonly #rows = new Map<number, Article>()
  /** Ids by item. */
  readonly #ids = new Map<string, number>()
  #nextId: number
  /** Canal's number of its batch. */
  #batch = 0

  /** Inserts the first rows. */
  constructor(append: Append) {
    this.#append = append
    for (const [id, biz_id, biz, like_cnt] of firstArticles) this.#insert({ id, biz_id, biz, read_cnt: 0, like_cnt })
    this.#nextId = Math.max(...this.#rows.keys()) + 1
  }

  get size(): number {
    return this.#rows.size
  }

  async articles(): Promise<Map<number, number>> {
    return new Map([...this.#rows].map(([id, { like_cnt }]) => [id, like_cnt]))
  }

  /** What read events call an article. */
  item(id: number): ItemKey | undefined {
    const article = this.#rows.get(id)
    return article && itemOf(article)
  }

  async apply(change: Change): Promise<number | undefined> {
    if (change.kind === 'publish') {
      const id = this.#nextId++
      this.#insert({ id, biz_id: id, biz: 'new', read_cnt: 0, like_cnt: change.likes })
      return id
    }
    const before = this.#rows.get(change.id)
    if (before === undefined) return undefined
    if (change.kind === 'delete') {
      this.#rows.delete(change.id)
      this.#ids.delete(itemText(itemOf(before)))
      this.#tell({ type: 'DELETE', row: canalRow(before) }, change.id)
    } else {
      this.#update(before, { ...before, like_cnt: before.like_cnt + change.likes })
    }
    return change.id
  }

  /** What the counter's upsert does to a row: one that was deleted meanwhile, or never was, is made. */
  addReads(item: ItemKey, reads: number): void {
    const before = this.#rows.get(this.#ids.get(itemText(item)) ?? 0)
    if (before !== undefined) this.#update(before, { ...before, read_cnt: before.read_cnt + reads })
    else this.#insert({ id: this.#nextId++, biz_id: Number(item.bizId), biz: item.biz, read_cnt: reads, like_cnt: 0 })
  }

  async best(column: CountColumn, limit: number): Promise<string> {
    const sorted = [...this.#rows.values()].sort((a, b) => b[column] - a[column] || b.id - a.id)
    return JSON.stringify(sorted.slice(0, limit))
  }

  async totals(): Promise<Map<string, number>> {
    const read = [...this.#rows.values()].filter(({ read_cnt }) => read_cnt > 0)
    return new Map(read.map((article) => [itemText(itemOf(article)), article.read_cnt]))
  }

  #update(before: Article, row: Article): void {
    this.#rows.set(row.id, row)
    this.#tell({ type: 'UPDATE', row: canalRow(row), before: canalRow(before) }, row.id)
  }

  #insert(article: Article): void {
    this.#rows.set(article.id, article)
    this.#ids.set(itemText(itemOf(article)), article.id)
    this.#tell({ type: 'INSERT', row: canalRow(article) }, article.id)
  }

  #tell(change: CanalChange, id: number): void {
    this.#batch += 1
    this.#append(canalMessage(canalTable, change, this.#batch, Date.now()), id)
  }
}
