/** What every Base owes the pipeline, whatever holds the table. Run over the stream's rows in memory and over SQL. */
import { firstValueFrom, from } from 'rxjs'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import type { BoardSpec } from '../../src/core/board-spec.js'
import type { RefillRows } from '../../src/core/refill.js'
import type { TableShape } from '../../src/core/table.js'
import type { Base } from '../../src/operators/ports.js'
import { Draws } from '../support/draws.js'

/** One row of the table: `id INT PRIMARY KEY, n DECIMAL(12,2) NULL, biz VARCHAR(40) NULL`. */
export interface BaseRow {
  readonly id: number
  /** As the board has it: no trailing zeros. */
  readonly n: string | null
  readonly biz: string | null
}

/** A table under a base, and its only writer. Each call resolves when it is committed. */
export interface WritableBase {
  readonly base: Base
  readonly shape: TableShape
  put(row: BaseRow): Promise<void>
  /** A row that is there gets another key. */
  move(from: number, to: number): Promise<void>
  remove(id: number): Promise<void>
  truncate(): Promise<void>
  close(): Promise<void>
}

/** The same changes, carried out on a Map. */
class Written {
  readonly rows = new Map<number, BaseRow>()
  readonly #table: WritableBase

  constructor(table: WritableBase) {
    this.#table = table
  }

  async put(row: BaseRow): Promise<void> {
    await this.#table.put(row)
    this.rows.set(row.id, row)
  }

  async move(from: number, to: number): Promise<void> {
    const row = this.rows.get(from)
    if (row === undefined) return
    await this.#table.move(from, to)
    this.rows.delete(from)
    this.rows.set(to, { ...row, id: to })
  }

  async remove(id: number): Promise<void> {
    await this.#table.remove(id)
    this.rows.delete(id)
  }

  async truncate(): Promise<void> {
    await this.#table.truncate()
    this.rows.clear()
  }
}

const cents = (n: string): number => Math.round(Number(n) * 100)

/** Sorts everything. Shares no code with any base. */
const sorted = (rows: Iterable<BaseRow>, { direction, ties }: Pick<BoardSpec, 'direction' | 'ties'>): BaseRow[] => {
  const sign = direction === 'desc' ? -1 : 1
  const byKey = (a: number, b: number): number => {
    if (ties === 'redis') return (String(a) < String(b) ? -1 : 1) * sign
    return ties === 'newest' ? b - a : a - b
  }
  return [...rows]
    .filter(({ n }) => n !== null)
    .sort((a, b) => (cents(a.n ?? '') - cents(b.n ?? '')) * sign || byKey(a.id, b.id))
}

/** In the order of keys: an answer may be in any. */
const shown = ({ rows }: Pick<RefillRows, 'rows'>): string[] => rows.map(({ image }) => image.join(' ')).sort()
const expected = (rows: readonly BaseRow[]): string[] => rows.map(({ id, n, biz }) => [id, n, biz].join(' ')).sort()

const boardOn = (table: TableShape, change: Partial<BoardSpec> = {}): BoardSpec => ({
  name: 'likes',
  table,
  direction: 'desc',
  ties: 'newest',
  size: 10,
  display: [0, 1, 2],
  score: { kind: 'column', column: 1 },
  where: undefined,
  ...change,
})

const orders = (['desc', 'asc'] as const).flatMap((direction) =>
  (['newest', 'oldest', 'redis'] as const).map((ties) => ({ direction, ties })),
)

/** A third of the rows share few scores; some have none. */
const drawRow = (draws: Draws, id: number): BaseRow => {
  const n = draws.below(10) === 0 ? null : String((draws.below(3) === 0 ? draws.below(4) : draws.below(4000)) / 100)
  return { id, n, biz: draws.below(8) === 0 ? null : (['post', 'Post', 'é', 'a b', 'zz'][draws.below(5)] ?? null) }
}

const seedOf = (): number => Number(process.env.RANKTIDE_SEED ?? Math.floor(Math.random() * 2 ** 31))

export const baseConformance = (name: string, open: () => Promise<WritableBase>): void => {
  describe(`the base: ${name}`, () => {
    let table: WritableBase
    let written: Written
    beforeAll(async () => {
      table = await open()
    })
    afterAll(() => table.close())
    beforeEach(async () => {
      await table.truncate()
      written = new Written(table)
    })

    const read = (board: BoardSpec, limit: number): Promise<RefillRows> =>
      firstValueFrom(from(table.base.read({ board, limit })))
    const board = (change: Partial<BoardSpec> = {}): BoardSpec => boardOn(table.shape, change)

    test('an empty table has no rows and nothing below them', async () => {
      expect(await read(board(), 5)).toMatchObject({ rows: [], complete: true })
    })

    test('tells whether anything is below: fewer rows than were asked for', async () => {
      for (const id of [1, 2, 3, 4]) await written.put({ id, n: String(id), biz: 'post' })
      await written.put({ id: 5, n: null, biz: 'post' })
      expect((await read(board(), 5)).complete).toBe(true)
      // As many as were asked for: whether there is another one is not told.
      expect((await read(board(), 4)).complete).toBe(false)
      expect((await read(board(), 3)).complete).toBe(false)
      expect(shown(await read(board(), 3))).toEqual(['2 2 post', '3 3 post', '4 4 post'])
    })

    test('holds what was committed before the question, change after change', async () => {
      await written.put({ id: 7, n: '1', biz: 'post' })
      for (let n = 2; n < 12; n++) {
        await written.put({ id: 7, n: String(n), biz: 'post' })
        expect(shown(await read(board(), 5))).toEqual([`7 ${n} post`])
      }
      await written.put({ id: 7, n: null, biz: 'post' })
      expect(shown(await read(board(), 5))).toEqual([])
      await written.put({ id: 7, n: '0.5', biz: null })
      expect(shown(await read(board(), 5))).toEqual(['7 0.5 '])
      await written.move(7, 70)
      expect(shown(await read(board(), 5))).toEqual(['70 0.5 '])
      await written.remove(70)
      expect(shown(await read(board(), 5))).toEqual([])
    })

    test('keys are what the board calls its members', async () => {
      await written.put({ id: 42, n: '1', biz: 'post' })
      expect((await read(board(), 5)).rows.map(({ key }) => key)).toEqual(['42'])
    })

    test('asked several things at once, answers each', async () => {
      for (let id = 1; id <= 20; id++) await written.put({ id, n: String(id), biz: 'post' })
      const answers = await Promise.all([1, 2, 3, 4, 5, 6].map((limit) => read(board(), limit)))
      expect(answers.map(({ rows }) => rows.length)).toEqual([1, 2, 3, 4, 5, 6])
    })

    const seed = seedOf()
    test(`is the same as sorting everything, in every order (RANKTIDE_SEED=${seed})`, async () => {
      const draws = new Draws()
      draws.seed(seed)
      for (let round = 0; round < 12; round++) {
        for (let change = 0; change < 15; change++) {
          const id = 1 + draws.below(30)
          if (draws.below(6) === 0) await written.remove(id)
          else if (draws.below(8) === 0 && !written.rows.has(id + 100)) await written.move(id, id + 100)
          else await written.put(drawRow(draws, id))
        }
        const limit = 1 + draws.below(20)
        for (const order of orders) {
          const all = sorted(written.rows.values(), order)
          const answer = await read(board(order), limit)
          expect({ order, rows: shown(answer) }).toEqual({ order, rows: expected(all.slice(0, limit)) })
          expect(answer.complete).toBe(all.length < limit)
        }
      }
    })

    test('after a TRUNCATE there is only what came later', async () => {
      await written.put({ id: 1, n: '9', biz: 'post' })
      await written.truncate()
      await written.put({ id: 2, n: '1', biz: 'post' })
      expect(shown(await read(board(), 5))).toEqual(['2 1 post'])
    })

    describe('of a split board', () => {
      const split = () => board({ per: 2 })

      test('listed groups are each answered like a board of their own, one without rows too', async () => {
        const rows = ['post', 'video', 'post', 'post', 'video'].map((biz, i) => ({ id: i + 1, n: String(i), biz }))
        for (const row of [...rows, { id: 9, n: '9', biz: null }, { id: 10, n: null, biz: 'none' }])
          await written.put(row)
        const groups = { kind: 'listed', values: ['post', 'nobody', 'none'] } as const
        const answer = await firstValueFrom(from(table.base.readGroups({ board: split(), limit: 2, groups })))
        expect([...answer.groups.keys()].sort()).toEqual(['nobody', 'none', 'post'])
        expect(shown(answer.groups.get('post') ?? { rows: [] })).toEqual(['3 2 post', '4 3 post'])
        expect(answer.groups.get('post')?.complete).toBe(false)
        expect(answer.groups.get('nobody')).toMatchObject({ rows: [], complete: true })
        expect(answer.groups.get('none')).toMatchObject({ rows: [], complete: true })
      })

      test('ranges, one after the other, name every group that has rows once', async () => {
        const draws = new Draws()
        draws.seed(seed)
        for (let id = 1; id <= 40; id++) await written.put({ ...drawRow(draws, id), biz: `g${draws.below(12)}` })
        await written.put({ id: 41, n: '5', biz: null })
        const found = new Map<string, RefillRows>()
        let after: string | undefined
        do {
          const groups = { kind: 'range', after, most: 5 } as const
          const answer = await firstValueFrom(from(table.base.readGroups({ board: split(), limit: 3, groups })))
          expect(answer.groups.size).toBeLessThanOrEqual(5)
          for (const [value, rows] of answer.groups) {
            expect(found.has(value)).toBe(false)
            found.set(value, rows)
          }
          after = answer.next
        } while (after !== undefined)
        const rows = [...written.rows.values()].filter(({ n, biz }) => n !== null && biz !== null)
        expect([...found.keys()].sort()).toEqual([...new Set(rows.map(({ biz }) => biz))].sort())
        for (const [value, answer] of found) {
          const own = sorted(
            rows.filter(({ biz }) => biz === value),
            { direction: 'desc', ties: 'newest' },
          )
          expect(shown(answer)).toEqual(expected(own.slice(0, 3)))
          expect(answer.complete).toBe(own.length < 3)
        }
      })
    })
  })
}
