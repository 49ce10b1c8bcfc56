/**
 * A SQL statement → what it does to the rows of tables. Canal names only the first table of a DDL message, and of a
 * RENAME the new name, so the statement itself has to be read: of `DROP TABLE x, y` and of the swap that ends an online
 * schema change (`RENAME TABLE t TO _t_del, _t_gho TO t`) the tracked table may be in the second place.
 *
 * Only the first statement counts: behind a `;` stands the body of a procedure. Linear, total.
 */
import { type SqlTokens, sqlTokens } from './sql-tokens.js'

export type EffectKind =
  /** All rows are gone. */
  | 'truncated'
  | 'dropped'
  /** The rows may be others than before, or the name is gone. */
  | 'replaced'
  /** The columns may be others than before. */
  | 'altered'

export interface TableEffect {
  readonly kind: EffectKind
  /** Undefined: not written, the session's default database. */
  readonly database: string | undefined
  readonly table: string
}

export type DdlEffect =
  | { readonly of: 'tables'; readonly effects: readonly TableEffect[] }
  | { readonly of: 'database'; readonly database: string }
  /** INSERT, UPDATE and the like: rows changed by a statement that was sent as text. */
  | { readonly of: 'rows' }
  /** Nothing that touches the rows or columns of a table. */
  | { readonly of: 'nothing' }
  | { readonly of: 'unknown' }

type Name = Omit<TableEffect, 'kind'>

const wordOf = (tokens: SqlTokens): string => {
  const token = tokens.peek()
  return token.kind === 'word' ? token.text.toUpperCase() : ''
}

/** Takes the next word if it is one of `words`. */
const take = (tokens: SqlTokens, ...words: readonly string[]): boolean => {
  if (!words.includes(wordOf(tokens))) return false
  tokens.next()
  return true
}

const takeSymbol = (tokens: SqlTokens, symbol: string): boolean => {
  const token = tokens.peek()
  if (token.kind !== 'symbol' || token.text !== symbol) return false
  tokens.next()
  return true
}

const takePart = (tokens: SqlTokens): string | undefined => {
  const token = tokens.peek()
  if (token.kind !== 'word' && token.kind !== 'quoted') return undefined
  tokens.next()
  return token.text
}

const takeName = (tokens: SqlTokens): Name | undefined => {
  const first = takePart(tokens)
  if (first === undefined) return undefined
  if (!takeSymbol(tokens, '.')) return { database: undefined, table: first }
  const second = takePart(tokens)
  return second === undefined ? undefined : { database: first, table: second }
}

const skipIfExists = (tokens: SqlTokens): void => {
  if (!take(tokens, 'IF')) return
  take(tokens, 'NOT')
  take(tokens, 'EXISTS')
}

const isEnd = (tokens: SqlTokens): boolean => {
  const token = tokens.peek()
  return token.kind === 'end' || (token.kind === 'symbol' && token.text === ';')
}

const tablesIf = (kind: EffectKind, name: Name | undefined): DdlEffect =>
  name === undefined ? { of: 'unknown' } : { of: 'tables', effects: [{ kind, ...name }] }

const readDrop = (tokens: SqlTokens): DdlEffect => {
  // A temporary table hides the real one of its name; dropping it touches no rows that anyone else saw.
  if (take(tokens, 'TEMPORARY')) return { of: 'nothing' }
  if (take(tokens, 'DATABASE', 'SCHEMA')) {
    skipIfExists(tokens)
    const database = takePart(tokens)
    return database === undefined ? { of: 'unknown' } : { of: 'database', database }
  }
  if (!take(tokens, 'TABLE', 'TABLES')) return { of: 'nothing' }
  skipIfExists(tokens)
  const effects: TableEffect[] = []
  do {
    const name = takeName(tokens)
    if (name !== undefined) effects.push({ kind: 'dropped', ...name })
  } while (takeSymbol(tokens, ','))
  return effects.length === 0 ? { of: 'unknown' } : { of: 'tables', effects }
}

const readTruncate = (tokens: SqlTokens): DdlEffect => {
  take(tokens, 'TABLE')
  return tablesIf('truncated', takeName(tokens))
}

/** `CREATE OR REPLACE TABLE` of MariaDB drops the old table; every other CREATE leaves the rows there are. */
const readCreate = (tokens: SqlTokens): DdlEffect => {
  if (!take(tokens, 'OR') || !take(tokens, 'REPLACE') || !take(tokens, 'TABLE')) return { of: 'nothing' }
  return tablesIf('dropped', takeName(tokens))
}

const readRename = (tokens: SqlTokens): DdlEffect => {
  if (!take(tokens, 'TABLE', 'TABLES')) return { of: 'nothing' }
  skipIfExists(tokens)
  const effects: TableEffect[] = []
  while (!isEnd(tokens)) {
    const name = takeName(tokens)
    if (name === undefined) tokens.next()
    else effects.push({ kind: 'replaced', ...name })
    // `WAIT 5` and `NOWAIT` (MariaDB) may stand in front of TO.
    while (!isEnd(tokens) && !take(tokens, 'TO') && !takeSymbol(tokens, ',')) tokens.next()
  }
  return effects.length === 0 ? { of: 'unknown' } : { of: 'tables', effects }
}

const indexWords = ['INDEX', 'KEY', 'FULLTEXT', 'SPATIAL', 'UNIQUE', 'FOREIGN', 'CHECK'] as const
const columnFreeOptions = ['ALGORITHM', 'LOCK', 'DISABLE', 'ENABLE', 'COMMENT', 'AUTO_INCREMENT'] as const

/** Up to the comma or the end behind an item. */
const skipItem = (tokens: SqlTokens): void => {
  let depth = 0
  while (tokens.peek().kind !== 'end') {
    const token = tokens.peek()
    if (token.kind === 'symbol') {
      if (token.text === '(') depth++
      else if (token.text === ')') depth--
      else if (depth === 0 && (token.text === ',' || token.text === ';')) return
    }
    tokens.next()
  }
}

/** `EXCHANGE PARTITION p WITH TABLE other` replaces the rows of both. */
const readExchange = (tokens: SqlTokens): readonly Name[] => {
  while (!isEnd(tokens) && !take(tokens, 'TABLE')) tokens.next()
  const name = takeName(tokens)
  return name === undefined ? [] : [name]
}

interface ItemEffect {
  /** What it does to the altered table; undefined: nothing that matters. */
  readonly kind: EffectKind | undefined
  /** Other tables whose rows it replaces. */
  readonly others: readonly Name[]
}

const nothing: ItemEffect = { kind: undefined, others: [] }
const alters: ItemEffect = { kind: 'altered', others: [] }
const replaces: ItemEffect = { kind: 'replaced', others: [] }

const readItem = (tokens: SqlTokens): ItemEffect => {
  if (take(tokens, 'ADD')) {
    if (take(tokens, 'CONSTRAINT') && !indexWords.some((word) => wordOf(tokens) === word)) tokens.next()
    return take(tokens, ...indexWords) ? nothing : alters
  }
  if (take(tokens, 'RENAME')) {
    if (take(tokens, 'INDEX', 'KEY')) return nothing
    if (take(tokens, 'COLUMN')) return alters
    if (!take(tokens, 'TO', 'AS')) takeSymbol(tokens, '=')
    const name = takeName(tokens)
    return name === undefined ? replaces : { kind: 'replaced', others: [name] }
  }
  if (take(tokens, 'DROP')) {
    if (take(tokens, 'PARTITION')) return replaces
    return take(tokens, 'INDEX', 'KEY', 'FOREIGN', 'CHECK') ? nothing : alters
  }
  if (take(tokens, 'TRUNCATE', 'DISCARD', 'IMPORT')) return replaces
  if (take(tokens, 'CONVERT')) return take(tokens, 'PARTITION', 'TABLE') ? replaces : alters
  if (take(tokens, 'EXCHANGE')) return { kind: 'replaced', others: readExchange(tokens) }
  if (take(tokens, 'ALTER')) return take(tokens, 'INDEX', 'CHECK') ? nothing : alters
  return take(tokens, ...columnFreeOptions) ? nothing : alters
}

/** Canal gives an ALTER the type of its first item, so `ADD INDEX …, DROP COLUMN …` comes as an index change. */
const readAlter = (tokens: SqlTokens): DdlEffect => {
  take(tokens, 'ONLINE')
  take(tokens, 'IGNORE')
  if (!take(tokens, 'TABLE')) return { of: 'nothing' }
  skipIfExists(tokens)
  const name = takeName(tokens)
  if (name === undefined) return { of: 'unknown' }
  const items: ItemEffect[] = []
  do {
    items.push(readItem(tokens))
    skipItem(tokens)
  } while (takeSymbol(tokens, ','))
  const kinds = items.map((item) => item.kind)
  const kind = kinds.includes('replaced') ? 'replaced' : kinds.includes('altered') ? 'altered' : undefined
  if (kind === undefined) return { of: 'nothing' }
  const others = items.flatMap((item) => item.others).map((other) => ({ kind: 'replaced' as const, ...other }))
  return { of: 'tables', effects: [{ kind, ...name }, ...others] }
}

const rowStatements = ['INSERT', 'UPDATE', 'DELETE', 'REPLACE', 'LOAD', 'WITH', 'CALL'] as const
const harmless = [
  'GRANT',
  'REVOKE',
  'SET',
  'FLUSH',
  'ANALYZE',
  'OPTIMIZE',
  'BEGIN',
  'COMMIT',
  'SAVEPOINT',
  'XA',
] as const

export const ddlEffect = (sql: string): DdlEffect => {
  const tokens = sqlTokens(sql)
  if (take(tokens, 'DROP')) return readDrop(tokens)
  if (take(tokens, 'TRUNCATE')) return readTruncate(tokens)
  if (take(tokens, 'RENAME')) return readRename(tokens)
  if (take(tokens, 'ALTER')) return readAlter(tokens)
  if (take(tokens, 'CREATE')) return readCreate(tokens)
  if (take(tokens, ...rowStatements)) return { of: 'rows' }
  return take(tokens, ...harmless) ? { of: 'nothing' } : { of: 'unknown' }
}

/** Names anywhere in a statement, each with the database written in front of it: what a statement may touch. */
export const namesIn = function* (sql: string): Generator<Name> {
  const tokens = sqlTokens(sql)
  while (tokens.peek().kind !== 'end') {
    const name = takeName(tokens)
    if (name === undefined) tokens.next()
    else {
      yield name
      // `t.column`: read as a table of a database above; the first part may be the table itself.
      if (name.database !== undefined) yield { database: undefined, table: name.database }
    }
  }
}
