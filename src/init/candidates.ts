/** From the columns that a user may see to the boards that could be kept, the best guess first. Pure. */
import { RanktideError } from '../core/errors.js'
import { nearestName } from '../core/nearest-name.js'
import type { NumericColumn, SurveyedTable } from '../databases/mysql/survey.js'
import type { TableName } from '../runtime/config.js'
import { counterName } from './counter-names.js'
import { writableColumn } from './shown-columns.js'

export interface Candidate {
  /** The name of the board. */
  readonly name: string
  readonly database: string
  readonly table: string
  readonly column: string
  /** By the server's statistics. */
  readonly rows: number
  /** Whether it is to be written, not only mentioned. */
  readonly chosen: boolean
  /** Whether the user asked for it, or for its table. */
  readonly asked: boolean
}

/** What the user asked for. */
export interface Wishes {
  /** `table` or `database.table`; empty: any. */
  readonly tables: readonly string[]
  /** `NAME`, `NAME=COLUMN`, `NAME=TABLE.COLUMN` or `NAME=DATABASE.TABLE.COLUMN`; empty: the best guess. */
  readonly boards: readonly string[]
}

export interface Survey {
  /** What the URL names. */
  readonly database: string | undefined
  readonly tables: readonly SurveyedTable[]
  readonly columns: readonly NumericColumn[]
}

/** Databases and tables that the configuration can name. */
const writable = /^[^\s.`'"/\\]{1,64}$/
const boardName = /^[A-Za-z0-9][\w.-]{0,99}$/

/** Copies that online schema changes leave and take away again, and our own table. */
const passing = /^_.*_(new|old|gho|ghc|del)$|^ranktide_marker$/

const indexBonus = 15

interface Guess extends Omit<Candidate, 'chosen' | 'asked'> {
  readonly weight: number
}

/** All columns that look like counters; equal ones in the order of their tables. */
const guessesOf = ({ tables, columns }: Survey): readonly Guess[] => {
  const rowsOf = new Map(tables.map(({ database, table, rows }) => [JSON.stringify([database, table]), rows]))
  return columns
    .flatMap((column): Guess[] => {
      const { database, table } = column
      const rows = rowsOf.get(JSON.stringify([database, table]))
      const counter = column.isKey ? undefined : counterName(column.column, column.sqlType)
      if (rows === undefined || counter === undefined || passing.test(table)) return []
      if (!writable.test(database) || !writable.test(table) || !writableColumn.test(column.column)) return []
      // An index on it, and many rows: somebody ranks by it already, or suffers from it.
      const weight = counter.weight + (column.indexed ? indexBonus : 0) + 4 * Math.log10(rows + 1)
      return [{ name: counter.board, database, table, column: column.column, rows, weight }]
    })
    .sort((a, b) => b.weight - a.weight)
}

/** No two boards with one name: the better guess keeps it. */
const named = (guesses: readonly Guess[]): readonly Guess[] => {
  const taken = new Set<string>()
  return guesses.map((guess) => {
    const { name, table, column, database } = guess
    const tries = [name, `${table}-${name}`, `${table}-${column}`, `${database}-${table}-${column}`]
    const free = tries
      .map((text) =>
        text
          .replace(/[^\w.-]/g, '-')
          .replace(/^[^A-Za-z0-9]+/, '')
          .slice(0, 100),
      )
      .find((text) => boardName.test(text) && !taken.has(text))
    const chosen = free ?? `board-${taken.size + 1}`
    taken.add(chosen)
    return { ...guess, name: chosen }
  })
}

/** Boards that could be kept, the chosen ones first. Fails with TABLE_MISSING, COLUMN_MISSING or CONFIG_INVALID. */
export const candidatesOf = (survey: Survey, { tables, boards }: Wishes): readonly Candidate[] => {
  const wanted = tables.map((name) => tableNamed(survey, name))
  const inWanted = (table: TableName) => wanted.length === 0 || wanted.some((one) => isSame(one, table))
  const within: Survey = { ...survey, tables: survey.tables.filter(inWanted), columns: survey.columns.filter(inWanted) }
  const guesses = named(guessesOf(within))
  const picked = boards.length > 0 ? boards.map((wish) => pick(within, guesses, wish)) : best(guesses, wanted, within)
  const rest = guesses.filter((guess) => !picked.some((one) => isSame(one, guess) && one.column === guess.column))
  const names = new Set(picked.map(({ name }) => name))
  if (names.size < picked.length)
    throw new RanktideError('CONFIG_INVALID', 'two boards have one name: --board names each once')
  return [
    ...picked.map((guess) => candidate(guess, true, tables.length + boards.length > 0)),
    ...rest.filter(({ name }) => !names.has(name)).map((guess) => candidate(guess, false, false)),
  ]
}

const candidate = (
  { name, database, table, column, rows }: Omit<Guess, 'weight'>,
  chosen: boolean,
  asked: boolean,
): Candidate => ({
  name,
  database,
  table,
  column,
  rows,
  chosen,
  asked,
})

/** The best guess; with tables named, the best one of each. */
const best = (
  guesses: readonly Guess[],
  wanted: readonly TableName[],
  { database, tables }: Survey,
): readonly Guess[] => {
  const [first] = guesses
  if (wanted.length === 0) {
    if (first !== undefined) return [first]
    const where = database ?? 'the databases that the user sees'
    throw new RanktideError(
      'COLUMN_MISSING',
      tables.length === 0
        ? `${where}: no tables, or none that the user may see: a user needs SELECT on them`
        : `${where}: no column of its ${tables.length} table(s) looks like a counter (like_cnt, views, score, hits …); name one with --board NAME=TABLE.COLUMN`,
    )
  }
  return wanted.map((table) => {
    const guess = guesses.find((one) => isSame(one, table))
    if (guess !== undefined) return guess
    throw new RanktideError(
      'COLUMN_MISSING',
      `${table.database}.${table.table}: no column looks like a counter (like_cnt, views, score, hits …); name one with --board NAME=${table.table}.COLUMN`,
    )
  })
}

const isSame = (a: TableName, b: TableName): boolean => a.database === b.database && a.table === b.table

const tableNamed = ({ tables, database }: Survey, name: string): SurveyedTable => {
  const dot = name.indexOf('.')
  const schema = dot < 0 ? database : name.slice(0, dot)
  const table = name.slice(dot + 1)
  const found = tables.filter((one) => one.table === table && (schema === undefined || one.database === schema))
  const [only, another] = found
  if (only !== undefined && another === undefined) return only
  if (only !== undefined) {
    const all = found.map((one) => `${one.database}.${one.table}`).join(', ')
    throw new RanktideError('TABLE_MISSING', `${name}: which one? ${all}`)
  }
  const known = tables.map((one) => (dot < 0 ? one.table : `${one.database}.${one.table}`))
  const near = nearestName(name, [...new Set(known)])
  const hint = near === undefined ? (schema === undefined ? '' : `; looked in ${schema}`) : `; did you mean ${near}?`
  throw new RanktideError('TABLE_MISSING', `${name}${hint}`)
}

const forms = 'allowed: NAME, NAME=COLUMN, NAME=TABLE.COLUMN or NAME=DATABASE.TABLE.COLUMN'

/** Fails with CONFIG_INVALID where a wish has none of its forms, which is known before any database is asked. */
export const checkWish = (wish: string): void => {
  const equals = wish.indexOf('=')
  const name = equals < 0 ? wish : wish.slice(0, equals)
  if (!boardName.test(name))
    throw new RanktideError('CONFIG_INVALID', `--board ${wish}: a name has letters, digits, ".", "_", "-"; ${forms}`)
  if (
    equals >= 0 &&
    wish
      .slice(equals + 1)
      .split('.')
      .includes('')
  )
    throw new RanktideError('CONFIG_INVALID', `--board ${wish}: a name is empty; ${forms}`)
}

/** The board that a wish is for. */
const pick = (survey: Survey, guesses: readonly Guess[], wish: string): Omit<Guess, 'weight'> => {
  checkWish(wish)
  const equals = wish.indexOf('=')
  const name = equals < 0 ? wish : wish.slice(0, equals)
  if (equals < 0) {
    const guess = guesses.find((one) => one.name === name)
    if (guess !== undefined) return guess
    const proposed = guesses.slice(0, 10).map((one) => `${one.name} (${one.table}.${one.column})`)
    const hint = proposed.length === 0 ? '' : `; proposed are ${proposed.join(', ')}`
    throw new RanktideError('COLUMN_MISSING', `--board ${name}${hint}; any other column: --board ${name}=TABLE.COLUMN`)
  }
  const path = wish.slice(equals + 1)
  const dot = path.lastIndexOf('.')
  const column = path.slice(dot + 1)
  if (dot >= 0) {
    const { database, table, rows } = tableNamed(survey, path.slice(0, dot))
    return { name, database, table, column, rows }
  }
  return { ...columnNamed(survey, column), name }
}

/** A column named without its table. */
const columnNamed = ({ tables, columns }: Survey, name: string): Omit<Guess, 'weight'> => {
  const found = columns.filter(({ column }) => column === name)
  const [only, another] = found
  if (only === undefined) {
    const near = nearestName(name, [...new Set(columns.map(({ column }) => column))])
    throw new RanktideError(
      'COLUMN_MISSING',
      `${name}: no numeric column${near === undefined ? '' : `; did you mean ${near}?`}`,
    )
  }
  if (another !== undefined) {
    const all = found.slice(0, 5).map(({ database, table }) => `${database}.${table}.${name}`)
    throw new RanktideError(
      'COLUMN_MISSING',
      `${name} is a column of several tables: ${all.join(', ')}; name one of them`,
    )
  }
  const rows = tables.find((table) => isSame(table, only))?.rows ?? 0
  return { name, database: only.database, table: only.table, column: name, rows }
}
