/** The rows of one Canal message, before any table looks at their columns: shapes, counts, and which `old` belongs where. */
import type { Refusal } from '../core/change.js'
import type { CanalEnvelope } from './canal-envelope.js'
import { isRefusal } from './refusal.js'
import { isJsonObject, type JsonObject } from './strict-json.js'

export type RowType = 'INSERT' | 'UPDATE' | 'DELETE'

export interface RowMessage {
  readonly type: RowType
  readonly data: readonly JsonObject[]
  /** Aligned with `data`; undefined where no before-image is told. */
  readonly old: readonly (JsonObject | undefined)[] | undefined
  /** Before-images that cannot be aligned with `data`; none of them may hold a key column. */
  readonly misaligned: readonly (JsonObject | undefined)[]
  /** 1 if the message's before-images are thrown away, else 0. */
  readonly discardedBefore: number
  readonly pkNames: unknown
  readonly es: number | undefined
}

const isRow = (row: unknown): row is JsonObject => isJsonObject(row)

const readData = (data: unknown, maxRows: number): readonly JsonObject[] | Refusal => {
  if (data === null) return { code: 'EMPTY_ROWS', detail: '"data" and "sql" are empty' }
  if (!Array.isArray(data)) return { code: 'SHAPE', detail: '"data" is no array' }
  if (data.length > maxRows) return { code: 'LIMIT', detail: `${data.length} rows, at most ${maxRows}` }
  return data.every(isRow) ? data : { code: 'SHAPE', detail: 'a row of "data" is no object' }
}

const readOld = (old: unknown, rows: number): readonly (JsonObject | undefined)[] | Refusal => {
  if (!Array.isArray(old)) return { code: 'SHAPE', detail: '"old" is no array' }
  if (old.length > rows) return { code: 'OLD_MISALIGNED', detail: `${old.length} before-images for ${rows} rows` }
  if (!old.every((row) => row === null || isRow(row))) return { code: 'SHAPE', detail: 'a row of "old" is no object' }
  return old.map((row) => row ?? undefined)
}

export const readRowMessage = (message: CanalEnvelope, type: RowType, maxRows: number): RowMessage | Refusal => {
  const data = readData(message.data, maxRows)
  if (isRefusal(data)) return data
  const { pkNames, es } = message
  const untold = { type, data, old: undefined, misaligned: [], discardedBefore: 0, pkNames, es }
  if (type !== 'UPDATE' || message.old === null) return untold
  const old = readOld(message.old, data.length)
  if (isRefusal(old)) return old
  return old.length === data.length ? { ...untold, old } : { ...untold, misaligned: old, discardedBefore: 1 }
}
