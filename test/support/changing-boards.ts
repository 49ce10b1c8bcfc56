/**
 * A table under steady changes, and what any board on it, however it is defined, had to show after each of them. Boards
 * are worked out afterwards, from the history of the rows.
 */
import { setTimeout as delay } from 'node:timers/promises'
import { Draws } from './draws.js'
import type { Interactives } from './interactives.js'
import { bodyOf } from './true-boards.js'

export interface ChangingRow {
  readonly id: number
  readonly biz_id: number
  readonly biz: string
  readonly read_cnt: number
  readonly like_cnt: number
}

/** A board as the file has it, and the same in JavaScript. */
export interface BoardDefinition {
  readonly size: number
  readonly score: 'like_cnt' | 'read_cnt'
  readonly columns: readonly (keyof ChangingRow)[]
  /** The only `biz` of the rows that are ranked. */
  readonly only?: string
  readonly per?: boolean
}

/** An answer, and when it was asked for and had, by performance.now(). */
export interface Claim {
  readonly body: string
  readonly asked: number
  readonly had: number
}

export const groups = ['b0', 'b1', 'b2'] as const
const rowsAtStart = 120
const mostScore = 300
/** A board may claim to be exact and be this much behind what was committed, ms: a busy machine is slow. */
const lagLimit = 5_000

interface Step {
  readonly row: ChangingRow | { readonly id: number; readonly gone: true }
  /** From here on it may be seen. */
  readonly begun: number
  /** From here on it is committed. */
  readonly ended: number
}

export class ChangingBoards {
  readonly #table: Interactives
  readonly #draws = new Draws()
  readonly #start: readonly ChangingRow[]
  readonly #steps: Step[] = []
  readonly #now = new Map<number, ChangingRow>()
  #nextId = rowsAtStart + 1
  #running: Promise<void> | undefined
  #open = true

  private constructor(table: Interactives, seed: number) {
    this.#table = table
    this.#draws.seed(seed)
    this.#start = Array.from({ length: rowsAtStart }, (_, i) => this.#draw(i + 1))
    for (const row of this.#start) this.#now.set(row.id, row)
  }

  /** With an index for every board, and rows in it; nothing is changed yet. */
  static async create(table: Interactives, seed: number): Promise<ChangingBoards> {
    await table.sql(`ALTER TABLE ${table.table} ADD KEY (read_cnt), ADD KEY (biz, like_cnt), ADD KEY (biz, read_cnt)`)
    const boards = new ChangingBoards(table, seed)
    const rows = boards.#start.map(({ id, biz_id, biz, read_cnt, like_cnt }) => [id, biz_id, biz, read_cnt, like_cnt])
    await table.sql(`INSERT INTO ${table.table} (id, biz_id, biz, read_cnt, like_cnt) VALUES ?`, [rows])
    return boards
  }

  get changes(): number {
    return this.#steps.length
  }

  go(perSecond: number): void {
    this.#open = true
    this.#running = this.#write(1_000 / perSecond)
  }

  async pause(): Promise<void> {
    this.#open = false
    await this.#running
  }

  /** The board of now, or of one group of it. */
  bodyOf(definition: BoardDefinition, group?: string): string {
    return shown(this.#now.values(), definition, group)
  }

  /** What is wrong with the claims that a board of this definition was exact; undefined: nothing. */
  fault(claims: readonly Claim[], definition: BoardDefinition, group?: string): string | undefined {
    const rows = new Map(this.#start.map((row) => [row.id, row]))
    const truths: { readonly body: string; readonly from: number; until: number }[] = []
    const add = (from: number, committed: number): void => {
      const last = truths.at(-1)
      const body = shown(rows.values(), definition, group)
      if (last?.body === body) return
      if (last !== undefined) last.until = committed
      truths.push({ body, from, until: Number.POSITIVE_INFINITY })
    }
    add(0, 0)
    for (const { row, begun, ended } of this.#steps) {
      if ('gone' in row) rows.delete(row.id)
      else rows.set(row.id, row)
      add(begun, ended)
    }
    const byBody = new Map<string, (typeof truths)[number][]>()
    for (const truth of truths) byBody.set(truth.body, [...(byBody.get(truth.body) ?? []), truth])
    const wrong = claims.find(
      ({ body, asked, had }) => !byBody.get(body)?.some(({ from, until }) => from <= had && until >= asked - lagLimit),
    )
    if (wrong === undefined) return undefined
    const ever = byBody.has(wrong.body) ? 'true, but not then' : 'never true'
    return `${ever} at ${Math.round(wrong.asked)} ms of ${JSON.stringify(definition)}: ${wrong.body}`
  }

  async #write(every: number): Promise<void> {
    while (this.#open) {
      await this.#change()
      await delay(every)
    }
  }

  async #change(): Promise<void> {
    const begun = performance.now()
    const ids = [...this.#now.keys()]
    const id = ids[this.#draws.below(ids.length)] ?? 1
    const { table } = this.#table
    if (this.#draws.below(10) === 0) {
      this.#now.delete(id)
      await this.#table.sql(`DELETE FROM ${table} WHERE id = ?`, [id])
      this.#steps.push({ row: { id, gone: true }, begun, ended: performance.now() })
      return
    }
    const row = this.#draw(this.#draws.below(8) === 0 ? this.#nextId++ : id)
    this.#now.set(row.id, row)
    const columns = 'id, biz_id, biz, read_cnt, like_cnt'
    const update = 'biz = VALUES(biz), read_cnt = VALUES(read_cnt), like_cnt = VALUES(like_cnt)'
    await this.#table.sql(`INSERT INTO ${table} (${columns}) VALUES (?) ON DUPLICATE KEY UPDATE ${update}`, [
      [row.id, row.biz_id, row.biz, row.read_cnt, row.like_cnt],
    ])
    this.#steps.push({ row, begun, ended: performance.now() })
  }

  #draw(id: number): ChangingRow {
    const biz = groups[this.#draws.below(groups.length)] ?? 'b0'
    return { id, biz_id: id, biz, read_cnt: this.#draws.below(mostScore), like_cnt: this.#draws.below(mostScore) }
  }
}

const shown = (rows: Iterable<ChangingRow>, definition: BoardDefinition, group?: string): string => {
  const { size, score, columns, only } = definition
  const biz = group ?? only
  const ranked = [...rows]
    .filter((row) => biz === undefined || row.biz === biz)
    .sort((a, b) => b[score] - a[score] || b.id - a.id)
    .slice(0, size)
  const extra = (row: ChangingRow) => (columns.includes(score) ? {} : { score: row[score] })
  return bodyOf(
    ranked.map((row) =>
      JSON.stringify({ id: row.id, ...Object.fromEntries(columns.map((name) => [name, row[name]])), ...extra(row) }),
    ),
  )
}

/** Its lines of the file. */
export const yamlOf = (name: string, at: { topic: string; table: string }, definition: BoardDefinition): string => {
  const { size, score, columns, only, per } = definition
  const where = only === undefined ? '' : `, where: "biz = '${only}'"`
  const split = per === true ? ', per: biz' : ''
  const shownColumns = `columns: [${columns.join(', ')}]`
  return `  ${name}: { topic: ${at.topic}, table: ${at.table}, score: ${score}, size: ${size}, ${shownColumns}${where}${split} }\n`
}
