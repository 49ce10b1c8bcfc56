/**
 * Canal's flat JSON (canal.mq.flatMessage=true): one record's value → row changes and controls, or a typed refusal.
 *
 * - Order: events stand in the order of the message; a changed key is `key-change`, delete of the old key, upsert of the
 *   new one, side by side.
 * - All or nothing: one bad row refuses the whole message, for every shape of its table. A refusal names the tables, or
 *   none if the message could not be read far enough: then it may concern any table of the topic.
 * - Total: any bytes give an answer; nothing is thrown, nothing recurses, time is linear. Memory: one message of at most
 *   `maxBytes`.
 * - Duplicates are the caller's matter: images are absolute, the same bytes give the same events.
 *
 * The decoder keeps, per table, the place of the columns in the last row it saw, and nothing else.
 * Format facts are from Canal 1.1.4–1.1.8 (MQMessageUtils, LogEventConvert) and from recordings of Canal 1.1.7.
 */
import { type Either, isLeft, left, right } from 'fp-ts/lib/Either.js'
import type { Control, Decode, Decoded, DecodedEvent, Refusal, RefusedMessage } from '../core/change.js'
import type { TableShape } from '../core/table.js'
import { type CanalEnvelope, readEnvelope } from './canal-envelope.js'
import { type RowType, readRowMessage } from './canal-row-message.js'
import { type TableRows, tableRows } from './canal-rows.js'
import { controlsByType, ddlControls, tablesNamedIn } from './ddl-controls.js'
import { ddlEffect } from './ddl-effects.js'
import { markerEvents } from './marker-rows.js'
import { isRefusal } from './refusal.js'
import { parseJson } from './strict-json.js'
import { type TrackedTables, trackedTables } from './tracked-tables.js'

export interface CanalLimits {
  readonly maxBytes: number
  readonly maxDepth: number
  readonly maxRows: number
  readonly maxColumns: number
}

export const canalLimits: CanalLimits = { maxBytes: 16 * 1024 * 1024, maxDepth: 32, maxRows: 100_000, maxColumns: 4096 }

export interface CanalOptions {
  /** The table whose rows are markers: their column `nonce` comes back as a `marker` event. */
  readonly marker?: { readonly database: string; readonly table: string }
  /** Also takes numbers (digit by digit as written) and booleans (`1`, `0`) as values. Canal itself sends strings. */
  readonly lenientScalars?: boolean
  readonly limits?: Partial<CanalLimits>
}

interface Decoder {
  readonly tracked: TrackedTables
  readonly rowsOf: ReadonlyMap<TableShape, TableRows>
  readonly limits: CanalLimits
  readonly isMarker: (message: CanalEnvelope) => boolean
}

type Outcome = Either<RefusedMessage, Pick<Decoded, 'events' | 'discardedBefore'>>
type Tables = readonly TableShape[] | undefined

const refuse = (tables: Tables, code: Refusal['code'], detail: string): Either<RefusedMessage, never> =>
  left({ refusal: { code, detail }, tables })

const tell = (events: readonly DecodedEvent[], discardedBefore = 0): Outcome => right({ events, discardedBefore })

const noEvents: Outcome = tell([])

const decodeRows = (
  decoder: Decoder,
  message: CanalEnvelope,
  type: RowType,
  shapes: readonly TableShape[],
): Outcome => {
  if (shapes.length === 0) return noEvents
  if (message.hasRepeatedKey()) return refuse(shapes, 'DUP_KEY', 'in a row')
  const rows = readRowMessage(message, type, decoder.limits.maxRows)
  if (isRefusal(rows)) return left({ refusal: rows, tables: shapes })
  if (rows.data.length === 0) return noEvents
  const events: DecodedEvent[] = []
  for (const shape of shapes) {
    const changes = decoder.rowsOf.get(shape)?.(rows) ?? []
    if (isRefusal(changes)) return left({ refusal: changes, tables: shapes })
    for (const change of changes) events.push(change)
  }
  return tell(events, rows.discardedBefore)
}

/** Canal reports the first table of a statement only, and a join may change another: every table named is suspect. */
const refuseStatement = ({ tracked }: Decoder, message: CanalEnvelope): Outcome => {
  const database = message.database ?? ''
  const reported = tracked.exactly(database, message.table ?? '')
  const tables = [...new Set([...reported, ...tablesNamedIn(message.sql, tracked, database)])]
  return tables.length === 0 ? noEvents : refuse(tables, 'STATEMENT_FORMAT', `${message.sql.length} characters of SQL`)
}

const decodeRowType = (
  decoder: Decoder,
  message: CanalEnvelope,
  type: RowType,
  shapes: readonly TableShape[],
): Outcome => {
  if (message.data === null && message.sql !== '') return refuseStatement(decoder, message)
  if (message.isDdl === true && shapes.length > 0) return refuse(shapes, 'SHAPE', `isDdl is true on ${type}`)
  return decodeRows(decoder, message, type, shapes)
}

const decodeDdl = (decoder: Decoder, message: CanalEnvelope, type: string, shapes: readonly TableShape[]): Outcome => {
  const effect = ddlEffect(message.sql)
  // REPLACE, LOAD DATA and what Canal's parser does not know come as QUERY with isDdl true. Without isDdl: annotations.
  if (effect.of === 'rows') return message.isDdl === true ? refuseStatement(decoder, message) : noEvents
  const controls: readonly Control[] =
    effect.of === 'unknown'
      ? controlsByType(type, shapes)
      : ddlControls(effect, decoder.tracked, message.database ?? '')
  return tell(controls)
}

const decodeMessage = (decoder: Decoder, message: CanalEnvelope): Outcome => {
  const { database, table, type, isDdl } = message
  if (database === undefined || table === undefined) {
    return refuse(undefined, 'SHAPE', 'no "database" and "table": is this topic Canal flat JSON?')
  }
  if (decoder.isMarker(message)) return tell(markerEvents(message))
  const shapes = decoder.tracked.exactly(database, table)
  const isTracked = shapes.length > 0
  if (typeof type !== 'string' || type === '' || type !== type.toUpperCase()) {
    return isTracked ? refuse(shapes, 'SHAPE', 'no "type" in upper case') : noEvents
  }
  if (isTracked && isDdl !== undefined && typeof isDdl !== 'boolean') {
    return refuse(shapes, 'SHAPE', '"isDdl" is no boolean')
  }
  switch (type) {
    case 'INSERT':
    case 'UPDATE':
    case 'DELETE':
      return decodeRowType(decoder, message, type, shapes)
    case 'QUERY':
      return isDdl === false ? noEvents : decodeDdl(decoder, message, type, shapes)
    case 'CREATE':
    case 'ALTER':
    case 'ERASE':
    case 'TRUNCATE':
    case 'RENAME':
    case 'CINDEX':
    case 'DINDEX':
      return decodeDdl(decoder, message, type, shapes)
    case 'XAROLLBACK':
      return tell(decoder.tracked.all.map((shape) => ({ kind: 'xa-rollback', table: shape })))
    case 'XACOMMIT':
    case 'GTID':
    case 'MHEARTBEAT':
    case 'EVENTTYPECOMPATIBLEPROTO2':
      return noEvents
    default:
      return isTracked ? refuse(shapes, 'UNKNOWN_TYPE', type.slice(0, 40)) : noEvents
  }
}

const nothing: Decoded = { events: [], batchId: undefined, es: undefined, discardedBefore: 0 }

export const canalJson = (tables: readonly TableShape[], options: CanalOptions = {}): Decode => {
  const limits = { ...canalLimits, ...options.limits }
  const lenientScalars = options.lenientScalars ?? false
  const { marker } = options
  const rowOptions = { lenientScalars, maxColumns: limits.maxColumns }
  const decoder: Decoder = {
    tracked: trackedTables(tables),
    rowsOf: new Map(tables.map((table) => [table, tableRows(table, rowOptions)])),
    limits,
    isMarker: ({ database, table }) => marker !== undefined && database === marker.database && table === marker.table,
  }
  return (value) => {
    // A tombstone. Canal sends none, but compacted topics and mirrors may.
    if (value === null || value.length === 0) return right(nothing)
    const parsed = parseJson(value, limits, lenientScalars)
    if (isLeft(parsed)) return left({ refusal: parsed.left, tables: undefined })
    const message = readEnvelope(parsed.right)
    if (isLeft(message)) return left({ refusal: message.left, tables: undefined })
    const outcome = decodeMessage(decoder, message.right)
    if (isLeft(outcome)) return outcome
    const { batchId, es } = message.right
    return right({ ...outcome.right, batchId, es })
  }
}
