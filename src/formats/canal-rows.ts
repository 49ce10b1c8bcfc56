/**
 * The rows of one Canal message → row changes of one tracked table, in the order of the message, all or none of them.
 *
 * - Canal's `old[i]` belongs to `data[i]` and holds the columns that changed; before = data with old over it. A column
 *   that is there with null *was* NULL. Rows of one message may repeat unchanged columns of earlier rows.
 * - Canal ≤ 1.1.6 left empty `old` rows out, so that the rest slipped: before-images of such a message are thrown away,
 *   unless one of them holds a key column, for then a key change could not be told from an update.
 * - A key change stays where it stands: `id = id + 1` over (2, 1) moves 2→3 and then 1→2, so deletes must not be grouped.
 *
 * Every message is given whole or refused; memory: the events of one message.
 */
import type { DecodedEvent, Refusal } from '../core/change.js'
import { memberOf } from '../core/member.js'
import type { Image, TableShape, Value } from '../core/table.js'
import type { RowMessage, RowType } from './canal-row-message.js'
import { type ReadValue, valueReader } from './canal-values.js'
import { isRefusal } from './refusal.js'
import { columnFinder, type FindColumns, type RowColumns } from './row-columns.js'
import type { JsonObject } from './strict-json.js'

export interface RowOptions {
  readonly lenientScalars: boolean
  readonly maxColumns: number
}

/** A column's value where the message tells it. */
type Told = Value | undefined

export type TableRows = (message: RowMessage) => readonly DecodedEvent[] | Refusal

/** Keys that some clouds add to tables without a primary key; they identify nothing outside that server. */
const implicitKeys = new Set(['__#alibaba_rds_row_id#__', '_drds_implicit_id_'])

const isStringArray = (value: unknown): value is readonly string[] =>
  Array.isArray(value) && value.every((name) => typeof name === 'string')

/** Another primary key than at start means that the table was changed under the board: its key may not be unique now. */
const checkPrimaryKey = (table: TableShape, pkNames: unknown): Refusal | undefined => {
  if (table.key.length === 0) return { code: 'NO_PK', detail: table.id }
  if (pkNames === undefined) return undefined
  if (pkNames !== null && !isStringArray(pkNames)) return { code: 'SHAPE', detail: 'pkNames is no array of strings' }
  if (table.primaryKey.length === 0) return undefined
  const told = (pkNames ?? []).filter((name) => !implicitKeys.has(name)).map((name) => name.toLowerCase())
  const known = table.primaryKey.map((name) => name.toLowerCase())
  if (told.length === known.length && known.every((name) => told.includes(name))) return undefined
  return {
    code: 'PK_MISMATCH',
    detail: `(${told.join(', ').slice(0, 200)}) in the message, (${table.primaryKey.join(', ')}) at start`,
  }
}

interface RowReader {
  readonly table: TableShape
  readonly readers: readonly ReadValue[]
  readonly isKey: readonly boolean[]
  readonly findInRow: FindColumns
  readonly findInOld: FindColumns
}

const missing = ({ table }: RowReader, column: number, type: RowType): Refusal => ({
  code: 'ROW_IMAGE',
  detail: `${type} of ${table.database}.${table.table} lacks column ${table.columns[column]?.name}`,
})

/** A full image; of a DELETE only the key must be there, as under the minimal row image. */
const readRow = (reader: RowReader, row: JsonObject, type: RowType): readonly Told[] | Refusal => {
  const columns = reader.findInRow(row)
  if (isRefusal(columns)) return columns
  const image: Told[] = []
  for (let at = 0; at < reader.readers.length; at++) {
    const key = columns.keys[at]
    if (key === undefined) {
      if (type !== 'DELETE' || reader.isKey[at]) return missing(reader, at, type)
      image.push(undefined)
      continue
    }
    const value = reader.readers[at]?.(row[key])
    if (isRefusal(value)) return value
    image.push(value)
  }
  return image
}

/** The row before the change: a copy only if a tracked column changed. */
const readBefore = (reader: RowReader, after: readonly Told[], old: JsonObject): readonly Told[] | Refusal => {
  const columns = reader.findInOld(old)
  if (isRefusal(columns)) return columns
  let before: Told[] | undefined
  for (let at = 0; at < reader.readers.length; at++) {
    const key = columns.keys[at]
    if (key === undefined) continue
    const value = reader.readers[at]?.(old[key])
    if (isRefusal(value)) return value
    before ??= after.slice()
    before[at] = value
  }
  return before ?? after
}

const isWhole = (image: readonly Told[]): image is Image => !image.includes(undefined)

/** Reads key columns only: `readRow` has made sure that they are told. */
const keyOf = ({ table }: RowReader, image: readonly Told[]): string | Refusal =>
  memberOf(table, image as Image) ?? { code: 'PK_NULL', detail: table.id }

const mentionsKey = (reader: RowReader, columns: RowColumns): boolean =>
  columns.keys.some((key, at) => key !== undefined && reader.isKey[at])

const checkMisaligned = (reader: RowReader, message: RowMessage): Refusal | undefined => {
  for (const old of message.misaligned ?? []) {
    if (old === undefined) continue
    const columns = reader.findInOld(old)
    if (isRefusal(columns)) return columns
    if (mentionsKey(reader, columns)) {
      return { code: 'OLD_MISALIGNED', detail: 'fewer before-images than rows, and one holds a key column' }
    }
  }
  return undefined
}

/** Adds what row `index` became to `events`. */
const addRow = (reader: RowReader, message: RowMessage, index: number, events: DecodedEvent[]): Refusal | undefined => {
  const { table } = reader
  const { type, es } = message
  const row = message.data[index]
  if (row === undefined) return undefined
  const image = readRow(reader, row, type)
  if (isRefusal(image)) return image
  const key = keyOf(reader, image)
  if (isRefusal(key)) return key
  // Only a DELETE is not whole; `readRow` has refused the others.
  if (type === 'DELETE' || !isWhole(image)) {
    events.push({ kind: 'row', table, key, after: null, before: image, es })
    return undefined
  }
  const old = message.old?.[index]
  if (old === undefined) {
    events.push({ kind: 'row', table, key, after: image, before: undefined, es })
    return undefined
  }
  const before = readBefore(reader, image, old)
  if (isRefusal(before)) return before
  const oldKey = before === image ? key : keyOf(reader, before)
  if (isRefusal(oldKey)) return oldKey
  if (oldKey === key) events.push({ kind: 'row', table, key, after: image, before, es })
  else {
    events.push(
      { kind: 'key-change', table },
      { kind: 'row', table, key: oldKey, after: null, before, es },
      { kind: 'row', table, key, after: image, before: undefined, es },
    )
  }
  return undefined
}

export const tableRows = (table: TableShape, { lenientScalars, maxColumns }: RowOptions): TableRows => {
  const isKey = table.columns.map((_, at) => table.key.includes(at))
  const reader: RowReader = {
    table,
    isKey,
    readers: table.columns.map((column, at) => valueReader(column, isKey[at] === true, lenientScalars)),
    findInRow: columnFinder(table.columns, maxColumns),
    findInOld: columnFinder(table.columns, maxColumns),
  }
  return (message) => {
    const misaligned = checkMisaligned(reader, message)
    if (misaligned !== undefined) return misaligned
    const events: DecodedEvent[] = []
    for (let index = 0; index < message.data.length; index++) {
      const refusal = addRow(reader, message, index, events)
      if (refusal !== undefined) return refusal
    }
    // After the rows: a minimal row image has no pkNames either, and its own name is the better one.
    return checkPrimaryKey(table, message.pkNames) ?? events
  }
}
