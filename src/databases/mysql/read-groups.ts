/**
 * The best rows of many groups of a split board, read on one session: of each group what a single board would be given.
 *
 * One UNION ALL reads the pages of up to 100 groups, each from its own stretch of the index. The caller opens the
 * snapshot that makes them one reading. Memory: (limit + 1) rows a group, and those that SQL lets in but the board's
 * filter does not.
 */
import type { BoardSpec } from '../../core/board-spec.js'
import { canonicalValue } from '../../core/canonical.js'
import { placeOf, type Ranking, rankingOf } from '../../core/ranking.js'
import type { ReadRow, RefillRows } from '../../core/refill.js'
import type { GroupsQuery, GroupsRows } from '../../core/refill-groups.js'
import type { Session } from './connection.js'
import { rowOf, tieAtEnd, withCut } from './read-board.js'
import { pageQuery, readsDirectly, tieQuery } from './refill-query.js'
import { comesInVariants, groupConditions, perColumn, valuesQuery, variantsQuery } from './split-query.js'

/** What one statement may have and bring: neither its text nor its rows may be a burden to the server. */
const [mostBranches, mostCharacters, mostRows] = [100, 200_000, 50_000]

type Rows = readonly ReadRow[]

export const readGroups = async (
  session: Session,
  { board, limit, groups: wanted }: GroupsQuery,
): Promise<Pick<GroupsRows, 'groups' | 'next'>> => {
  const range =
    wanted.kind === 'listed'
      ? { values: [...new Set(wanted.values)], next: undefined }
      : await readValues(session, board, wanted.after, wanted.most)
  const reading = new GroupsReading(session, board, limit)
  const groups = await reading.read(range.values)
  // Of a range only values that have rows: what the filter leaves nothing of is not a group.
  if (wanted.kind === 'range')
    for (const [value, { rows, complete }] of groups) if (complete && rows.length === 0) groups.delete(value)
  return { groups, next: range.next }
}

interface Values {
  readonly values: readonly string[]
  readonly next: string | undefined
}

const readValues = async (
  session: Session,
  board: BoardSpec,
  after: string | undefined,
  most: number,
): Promise<Values> => {
  const what = `values of board ${board.name}`
  const column = perColumn(board)
  const { rows } = await session.query(what, valuesQuery(board, after, most))
  const listed = rows.map(([raw = null, cursor]) => {
    const value = canonicalValue(column.type, raw) ?? ''
    return { value, cursor: cursor ?? value }
  })
  const next = listed.length < most ? undefined : listed.at(-1)?.cursor
  if (!comesInVariants(column)) return { values: listed.map(({ value }) => value), next }
  const variants = await session.query(what, variantsQuery(board, after, next))
  return { values: variants.rows.map(([hex]) => Buffer.from(hex ?? '', 'hex').toString('utf8')), next }
}

/** A part of a statement, and whose rows it brings. */
interface Branch {
  readonly value: string
  readonly sql: string
  readonly most: number
}

class GroupsReading {
  readonly #session: Session
  readonly #board: BoardSpec
  readonly #limit: number
  readonly #ranking: Ranking
  readonly #direct: boolean

  constructor(session: Session, board: BoardSpec, limit: number) {
    this.#session = session
    this.#board = board
    this.#limit = limit
    this.#ranking = rankingOf(board)
    this.#direct = readsDirectly(board)
  }

  /** As in `readBoard`: a group of which the filter leaves too few rows is asked for again, with twice the limit. */
  async read(values: readonly string[]): Promise<Map<string, RefillRows>> {
    const groups = new Map<string, RefillRows>()
    let missing = values
    for (let most = this.#limit; missing.length > 0; most *= 2) {
      const short: string[] = []
      for (const [value, read] of await this.#pages(missing, most)) {
        const rows = read.rows.filter(({ image }) => this.#ranking.accepts(image))
        if (!read.complete && rows.length < this.#limit) short.push(value)
        else groups.set(value, { ...withCut(this.#board, read), rows })
      }
      missing = short
    }
    return groups
  }

  async #pages(values: readonly string[], limit: number): Promise<ReadonlyMap<string, RefillRows>> {
    // One row more than asked for tells whether the end falls inside a run of equal scores.
    const most = this.#direct ? limit : limit + 1
    const pages = await this.#branches(values, most, (conditions) => pageQuery(this.#board, most, conditions))
    const ties = new Map<string, NonNullable<ReturnType<typeof tieAtEnd>>>()
    const answers = new Map<string, RefillRows>()
    for (const [value, rows] of pages) {
      const tie = rows.length > limit ? tieAtEnd(this.#board, rows) : undefined
      if (tie !== undefined) ties.set(value, tie)
      answers.set(value, { rows: rows.slice(0, limit), complete: rows.length < limit })
    }
    const tied = await this.#branches([...ties.keys()], limit, (conditions, value) => {
      const tie = ties.get(value)
      return tieQuery(this.#board, tie?.score ?? '', limit - (tie?.above.length ?? 0), conditions)
    })
    for (const [value, rows] of tied)
      answers.set(value, { rows: [...(ties.get(value)?.above ?? []), ...rows], complete: false })
    return answers
  }

  /** The rows of every value, best first; none of a value that no row can have. */
  async #branches(
    values: readonly string[],
    most: number,
    sqlOf: (conditions: readonly string[], value: string) => string,
  ): Promise<ReadonlyMap<string, Rows>> {
    const column = perColumn(this.#board)
    const rows = new Map<string, ReadRow[]>(values.map((value) => [value, []]))
    const branches = values.flatMap((value): Branch[] => {
      const conditions = groupConditions(column, value)
      return conditions === undefined ? [] : [{ value, sql: sqlOf(conditions, value), most }]
    })
    for (const statement of statementsOf(branches)) {
      const { rows: raw } = await this.#session.query(`refill of board ${this.#board.name}`, statement)
      for (const one of raw) {
        const row = rowOf(this.#board.table, one)
        rows.get(row.image[this.#board.per ?? 0] ?? '')?.push(row)
      }
    }
    for (const list of rows.values()) this.#sort(list)
    return rows
  }

  /** A union keeps no order, and where the page reads by the score alone equal scores have none. */
  #sort(rows: ReadRow[]): void {
    const { order } = this.#ranking
    const placed = rows.flatMap((row) => {
      const place = placeOf(this.#ranking, row.key, row.image)
      return place === undefined ? [] : [{ row, place }]
    })
    placed.sort((a, b) => order(a.place, b.place))
    rows.splice(0, rows.length, ...placed.map(({ row }) => row))
  }
}

/** As few statements as the limits allow. */
function* statementsOf(branches: readonly Branch[]): Iterable<string> {
  let open: string[] = []
  let [characters, rows] = [0, 0]
  for (const { sql, most } of branches) {
    const full = open.length === mostBranches || characters + sql.length > mostCharacters || rows + most > mostRows
    if (full && open.length > 0) {
      yield open.join(' UNION ALL ')
      open = []
      characters = 0
      rows = 0
    }
    open.push(`(${sql})`)
    characters += sql.length
    rows += most
  }
  if (open.length > 0) yield open.join(' UNION ALL ')
}
