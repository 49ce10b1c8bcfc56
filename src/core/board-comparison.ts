/**
 * Compares a board as Redis has it with the query's answer, while rows move.
 *
 * A round is three looks in this order: at the table, at Redis (once or more; what is there is known to be no older than
 * the first look), at the table again. Each cell (whether a member is there, its score, each column) is judged by itself:
 *
 * - it is *cleared* for good once a look at Redis shows what one of the two looks at the table shows;
 * - it *differs* when that has not come to pass in `rounds` rounds and one side stood still all the time, or the table
 *   only rose (or only fell) and Redis was never within;
 * - else it has *moved* on both sides at every look: nothing can be said of it, and nothing is.
 *
 * No false alarm: a board that follows its table shows, between two looks, something that the table held between them. A
 * cell that is the same in both is then cleared, unless it went away and came back in between; to be called different it
 * must have done so in every round and under every look of it. Cells that first appear later are not judged, so that
 * churn does not keep it going. Pure. Memory: the cells that are not cleared.
 */
import type { Entry } from './board-content.js'
import { Evidence } from './cell-evidence.js'

/** `what`: `missing` (Redis lacks the member), `foreign` (the table does), `score`, a column, or `row` (its text). */
export interface Difference {
  readonly member: string
  readonly what: string
  /** As text; undefined where that side lacks the member. */
  readonly redis: string | undefined
  readonly table: string | undefined
}

type Cells = ReadonlyMap<string, string>

/** Whether the member is there; no column has an empty name. */
const presence = ''
const present = 'yes'
const absentCells: Cells = new Map([[presence, 'no']])

const isObject = (value: unknown): value is object => typeof value === 'object' && value !== null

const columnsIn = (row: string): readonly (readonly [string, string])[] => {
  try {
    const parsed: unknown = JSON.parse(row)
    return isObject(parsed) ? Object.entries(parsed).map(([name, value]) => [name, JSON.stringify(value)]) : []
  } catch {
    return []
  }
}

/** Names are told apart from columns by their first character. */
const scoreCell = ' score'
const rowCell = ' row'

const cellsOf = (entry: Entry | undefined): Cells => {
  if (entry === undefined) return absentCells
  const cells = new Map([
    [presence, present],
    // As a double: Redis has its own texts for the same number.
    [scoreCell, String(Number(entry.score) + 0)],
  ])
  for (const [name, value] of columnsIn(entry.row)) cells.set(`.${name}`, value)
  return cells.set(rowCell, entry.row)
}

type ByMember = ReadonlyMap<string, Entry>

const byMember = (entries: readonly Entry[]): ByMember => new Map(entries.map((entry) => [entry.member, entry]))

export const sameEntry = (a: Entry | undefined, b: Entry | undefined): boolean =>
  a === b || (a !== undefined && b !== undefined && Number(a.score) === Number(b.score) && a.row === b.row)

/** A cell that has moved on both sides cannot come to differ any more; so many rounds may still clear it. */
const roundsOfMoving = 3

/** Members that come and go are not waited for longer than so many times the rounds of a difference. */
const mostTimes = 2

export class BoardComparison {
  readonly #rounds: number
  readonly #suspects = new Map<string, Map<string, Evidence>>()
  #done = 0

  constructor(rounds: number) {
    this.#rounds = rounds
  }

  /** `reads`: at least one. */
  round(before: readonly Entry[], reads: readonly (readonly Entry[])[], after: readonly Entry[]): void {
    const sides = { before: byMember(before), reads: reads.map(byMember), after: byMember(after) }
    const members = this.#done > 0 ? [...this.#suspects.keys()] : allMembers(sides)
    this.#done += 1
    for (const member of members) this.#look(member, sides)
  }

  /** Whether more rounds could change what it comes to. */
  get decided(): boolean {
    if (this.#done >= mostTimes * this.#rounds) return true
    return this.#evidence().every(
      ({ rounds, differs }) => rounds >= this.#rounds || (!differs && rounds >= roundsOfMoving),
    )
  }

  /** Once decided. */
  differences(): readonly Difference[] {
    const found = this.#evidence().filter((one) => one.rounds >= this.#rounds && one.differs)
    return found.filter((one) => isTelling(one, found)).map((one) => this.#differenceOf(one))
  }

  /** Cells that moved on both sides at every look. */
  get moving(): number {
    return this.#evidence().filter((one) => one.rounds < this.#rounds || !one.differs).length
  }

  #evidence(): readonly Evidence[] {
    return [...this.#suspects.values()].flatMap((cells) => [...cells.values()])
  }

  #look(member: string, { before, reads, after }: Sides): void {
    const first = before.get(member)
    const last = after.get(member)
    const held = reads.map((read) => read.get(member))
    const known = this.#suspects.get(member)
    if (known === undefined && held.some((entry) => sameEntry(entry, first) || sameEntry(entry, last))) return
    const looks = { before: cellsOf(first), reads: held.map(cellsOf), after: cellsOf(last) }
    const suspects = known ?? new Map<string, Evidence>()
    // Gone on both sides: what it held does not matter any more.
    if (isGone(looks)) suspects.clear()
    else for (const name of namesFor(known)) this.#lookAt(suspects, member, name, looks)
    if (suspects.size > 0) this.#suspects.set(member, suspects)
    else this.#suspects.delete(member)
  }

  #lookAt(suspects: Map<string, Evidence>, member: string, name: string, looks: Looks): void {
    if (!lookAt(suspects, member, name, looks) || name !== presence) return
    // On both sides: only now can what it holds be judged.
    for (const other of namesIn(looks)) lookAt(suspects, member, other, looks)
  }

  #differenceOf({ member, cell, redis, table }: Evidence): Difference {
    if (cell !== presence) return { member, what: cell.slice(1), redis, table }
    return { member, what: redis === present ? 'foreign' : 'missing', redis: undefined, table: undefined }
  }
}

interface Sides {
  readonly before: ByMember
  readonly reads: readonly ByMember[]
  readonly after: ByMember
}

interface Looks {
  readonly before: Cells
  readonly reads: readonly Cells[]
  readonly after: Cells
}

const allMembers = ({ before, reads, after }: Sides): readonly string[] => [
  ...new Set([before, after, ...reads].flatMap((side) => [...side.keys()])),
]

/** Of a member that is not suspected yet, or whose presence is: whether it is there; else the cells that are. */
const namesFor = (known: ReadonlyMap<string, Evidence> | undefined): readonly string[] =>
  known === undefined ? [presence] : [...known.keys()]

const isGone = ({ before, reads, after }: Looks): boolean =>
  [before, after].some((side) => side === absentCells) && reads.some((side) => side === absentCells)

const namesIn = ({ before, reads, after }: Looks): readonly string[] =>
  [...new Set([before, after, ...reads].flatMap((cells) => [...cells.keys()]))].filter((name) => name !== presence)

/** True when the cell is cleared by these looks. A side that lacks the member says nothing of the member's cells. */
const lookAt = (suspects: Map<string, Evidence>, member: string, name: string, looks: Looks): boolean => {
  const before = valueIn(looks.before, name)
  const after = valueIn(looks.after, name)
  const reads = looks.reads.flatMap((cells) => valueIn(cells, name) ?? [])
  if (before === undefined || after === undefined || reads.length === 0) return false
  if (reads.some((value) => value === before || value === after)) {
    suspects.delete(name)
    return true
  }
  const evidence = suspects.get(name) ?? new Evidence(member, name)
  evidence.add(before, reads, after)
  suspects.set(name, evidence)
  return false
}

/** A column that the row has not got is a value like any other; undefined where the member is not there. */
const valueIn = (cells: Cells, name: string): string | undefined =>
  cells.get(name) ?? (cells.get(presence) === present ? 'nothing' : undefined)

/** The text of a row differs wherever a column does. */
const isTelling = ({ member, cell }: Evidence, found: readonly Evidence[]): boolean =>
  cell !== rowCell || !found.some((other) => other.member === member && other.cell.startsWith('.'))

/** The differences of two boards as they stand; of missing and foreign members the scores are told. */
export const differencesOf = (redis: readonly Entry[], table: readonly Entry[]): readonly Difference[] => {
  const comparison = new BoardComparison(1)
  comparison.round(table, [redis], table)
  return comparison.differences()
}

/** With what each side has of members that the other lacks. */
export const withScores = (
  differences: readonly Difference[],
  redis: readonly Entry[],
  table: readonly Entry[],
): readonly Difference[] => {
  const [there, true_] = [byMember(redis), byMember(table)]
  return differences.map((one) => {
    if (one.what !== 'missing' && one.what !== 'foreign') return one
    return { ...one, redis: there.get(one.member)?.row, table: true_.get(one.member)?.row }
  })
}
