/** A multi-row upsert in as many statements as its size needs, in the order given, and what of it the table refuses. */
import { RanktideError } from '../../core/errors.js'
import type { Session } from './connection.js'
import { ServerRefusal } from './database-error.js'
import { rowsTexts } from './sql-literal.js'

export interface Upsert {
  /** For errors: `adding to webook.interactives`. */
  readonly what: string
  /** `INSERT INTO … (…)` */
  readonly into: string
  /** `c = c + VALUES(c), …` */
  readonly update: string
}

/** A statement that has to affect at least so many rows: 1 for each new one, 2 for each that was there. */
export interface RowsStatement {
  readonly what: string
  readonly sql: string
  readonly least: number
}

const statementOf = ({ what, into, update }: Upsert, count: number, text: string): RowsStatement => ({
  what,
  sql: `${into} VALUES ${text} ON DUPLICATE KEY UPDATE ${update}`,
  least: count,
})

export const checkAffected = ({ what, least }: RowsStatement, affected: number): void => {
  if (affected >= least) return
  throw new RanktideError('DATABASE_QUERY', `${what}: ${affected} rows are affected by an upsert of ${least}`)
}

const run = async (session: Session, statement: RowsStatement): Promise<void> => {
  checkAffected(statement, (await session.query(statement.what, statement.sql)).affected)
}

/** None for no rows. */
export const upsertStatements = (upsert: Upsert, rows: Iterable<string>): readonly RowsStatement[] =>
  Array.from(rowsTexts(rows), ({ count, text }) => statementOf(upsert, count, text))

/** Errors that are about the values of a row, which no repetition can mend. */
export const rowRefusals: ReadonlyMap<number, string> = new Map([
  [1048, 'a column cannot be NULL'],
  [1264, 'out of the range of its column'],
  [1265, 'not a value of its column'],
  [1366, 'not a value of its column'],
  [1406, 'too long for its column'],
  [1452, 'a foreign key refuses it'],
  [1690, 'out of the range of its column'],
  [3819, 'a CHECK constraint refuses it'],
  [4025, 'a CHECK constraint refuses it'],
])

export interface RefusedRow {
  readonly index: number
  readonly errno: number
  /** Undefined where the server does not name it. */
  readonly column: string | undefined
}

/** Tries a part; where it is refused, its halves: a statement that fails undoes all of itself, and only of itself. */
const refusedOf = async (
  session: Session,
  statement: Upsert,
  rows: readonly string[],
  first: number,
): Promise<readonly RefusedRow[]> => {
  try {
    await run(session, statementOf(statement, rows.length, rows.join(',')))
    return []
  } catch (error) {
    if (!(error instanceof ServerRefusal) || !rowRefusals.has(error.errno)) throw error
    if (rows.length === 1) return [{ index: first, errno: error.errno, column: error.column }]
    const half = rows.length >> 1
    const before = await refusedOf(session, statement, rows.slice(0, half), first)
    return [...before, ...(await refusedOf(session, statement, rows.slice(half), first + half))]
  }
}

/** Statement by statement; the rows that the table refuses are left out and returned. */
export const upsertWhatFits = async (
  session: Session,
  statement: Upsert,
  rows: readonly string[],
): Promise<readonly RefusedRow[]> => {
  const refused: RefusedRow[] = []
  for (const { first, count } of rowsTexts(rows)) {
    refused.push(...(await refusedOf(session, statement, rows.slice(first, first + count), first)))
  }
  return refused
}
