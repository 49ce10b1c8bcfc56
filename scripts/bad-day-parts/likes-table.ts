/** A model of the table: its rows, the board that is true of them, and the statements that change both alike. Pure. */

export interface Likes {
  readonly id: number
  /** Counts the changes, so that a row that was changed never looks as it did before. */
  readonly reads: number
  readonly likes: number | null
}

type Ranked = Likes & { readonly likes: number }

/** Absolute: sent twice it changes nothing the second time. */
export interface Statement {
  readonly sql: string
  readonly values: readonly unknown[]
}

/** From 0 up to, but without, 1. */
export type Chance = () => number

const isRanked = (row: Likes): row is Ranked => row.likes !== null

const better = (a: Ranked, b: Ranked): number => b.likes - a.likes || b.id - a.id

/** A row as ranktide shows it, and as its readers get it. */
export const rowJson = ({ id, reads, likes }: Likes): string =>
  JSON.stringify({ id, biz_id: id, biz: `b${id}`, read_cnt: reads, like_cnt: likes })

const upTo = (most: number, chance: Chance): number => 1 + Math.floor(chance() * most)

/** Changes aim at rows on the board and just below it. */
const edge = 30
const fewestRows = 200
const mostRows = 600
const mostLikes = 400
/** More in one statement would be more than one event in the binlog, and the board would show a half of it. */
const restock = 100

export class LikesTable {
  readonly #name: string
  readonly #size: number
  readonly #chance: Chance
  readonly #rows = new Map<number, Likes>()
  #ranked: readonly Ranked[] = []
  #nextId = 1
  #change = 0

  constructor(name: string, size: number, chance: Chance) {
    this.#name = name
    this.#size = size
    this.#chance = chance
  }

  /** The board that is true now, as readers are told it. */
  get content(): string {
    return this.#ranked.slice(0, this.#size).map(rowJson).join(',')
  }

  get rows(): number {
    return this.#rows.size
  }

  /** The next change of steady traffic: likes and unlikes, new rows and deleted ones, near the board mostly. */
  next(): Statement {
    if (this.#rows.size < fewestRows) return this.restock()
    const what = this.#chance()
    if (what < 0.18 && this.#rows.size < mostRows)
      return this.#put(this.#nextId++, Math.floor(this.#chance() * this.#best()))
    const { id, likes } = this.#choose()
    if (what < 0.33) return this.#delete([id])
    if (what < 0.36) return this.#put(id, null)
    if (what < 0.6) return this.#put(id, Math.max(0, likes - upTo(40, this.#chance)))
    return this.#put(id, likes + upTo(30, this.#chance))
  }

  /** New rows in one statement. */
  restock(): Statement {
    const rows = Array.from({ length: restock }, () =>
      this.#row(this.#nextId++, Math.floor(this.#chance() * mostLikes)),
    )
    return this.#write(rows)
  }

  /** The first rows deleted in one statement. */
  purge(count: number): Statement {
    return this.#delete(this.#ranked.slice(0, count).map(({ id }) => id))
  }

  truncate(): Statement {
    this.#rows.clear()
    this.#rank()
    return { sql: `TRUNCATE TABLE ${this.#name}`, values: [] }
  }

  #best(): number {
    return (this.#ranked[0]?.likes ?? mostLikes) + 1
  }

  #choose(): Ranked {
    const among = this.#chance() < 0.67 ? Math.min(edge, this.#ranked.length) : this.#ranked.length
    const chosen = this.#ranked[Math.floor(this.#chance() * among)]
    if (chosen === undefined) throw new Error('the table has no ranked row')
    return chosen
  }

  #row(id: number, likes: number | null): Likes {
    this.#change += 1
    return { id, reads: this.#change, likes }
  }

  #put(id: number, likes: number | null): Statement {
    return this.#write([this.#row(id, likes)])
  }

  #write(rows: readonly Likes[]): Statement {
    for (const row of rows) this.#rows.set(row.id, row)
    this.#rank()
    const columns = 'id, biz_id, biz, read_cnt, like_cnt'
    const update = 'ON DUPLICATE KEY UPDATE read_cnt = VALUES(read_cnt), like_cnt = VALUES(like_cnt)'
    const values = rows.map(({ id, reads, likes }) => [id, id, `b${id}`, reads, likes])
    return { sql: `INSERT INTO ${this.#name} (${columns}) VALUES ? ${update}`, values: [values] }
  }

  #delete(ids: readonly number[]): Statement {
    for (const id of ids) this.#rows.delete(id)
    this.#rank()
    return { sql: `DELETE FROM ${this.#name} WHERE id IN (?)`, values: [ids] }
  }

  #rank(): void {
    this.#ranked = [...this.#rows.values()].filter(isRanked).sort(better)
  }
}

export const createStatement = (name: string): string =>
  `CREATE TABLE ${name} (id BIGINT UNSIGNED NOT NULL PRIMARY KEY, biz_id BIGINT, biz VARCHAR(128), read_cnt BIGINT,
   like_cnt BIGINT, KEY like_cnt (like_cnt))`
