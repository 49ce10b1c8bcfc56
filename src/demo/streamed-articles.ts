/** The demo's table without a database: rows in memory, each change told to a stream as Canal would. */
import type { TableDescription } from '../databases/mysql/describe-table.js'
import { firstArticles } from './articles.js'
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
    { name: 'like_cnt', unique: false, columns: ['like_cnt'] },
  ],
}

const canalTable: CanalTable = {
  database,
  table,
  columns: Object.fromEntries(articlesDescription.columns.map(({ name, sqlType }) => [name, sqlType])),
  key: ['id'],
}

interface Article {
  readonly id: number
  readonly biz_id: number
  readonly biz: string
  readonly read_cnt: number
  readonly like_cnt: number
}

const canalRow = (article: Article): CanalRow =>
  Object.fromEntries(Object.entries(article).map(([column, value]) => [column, String(value)]))

/** Takes a message, and the id of the article that it is about. */
export type Append = (value: Uint8Array, id: number) => void

export class StreamedArticles implements ArticleTable {
  readonly #append: Append
  readonly #rows = new Map<number, Article>()
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

  async apply(change: Change): Promise<number | undefined> {
    if (change.kind === 'publish') {
      const id = this.#nextId++
      this.#insert({ id, biz_id: 0, biz: 'new', read_cnt: 0, like_cnt: change.likes })
      return id
    }
    const before = this.#rows.get(change.id)
    if (before === undefined) return undefined
    if (change.kind === 'delete') {
      this.#rows.delete(change.id)
      this.#tell({ type: 'DELETE', row: canalRow(before) }, change.id)
    } else {
      const row = { ...before, like_cnt: before.like_cnt + change.likes }
      this.#rows.set(change.id, row)
      this.#tell({ type: 'UPDATE', row: canalRow(row), before: canalRow(before) }, change.id)
    }
    return change.id
  }

  async best(limit: number): Promise<string> {
    const sorted = [...this.#rows.values()].sort((a, b) => b.like_cnt - a.like_cnt || b.id - a.id)
    return JSON.stringify(sorted.slice(0, limit))
  }

  #insert(article: Article): void {
    this.#rows.set(article.id, article)
    this.#tell({ type: 'INSERT', row: canalRow(article) }, article.id)
  }

  #tell(change: CanalChange, id: number): void {
    this.#batch += 1
    this.#append(canalMessage(canalTable, change, this.#batch, Date.now()), id)
  }
}
