/**
 * The outermost object of a Canal message, checked field by field. Fields that only measure (`id`, `es`) are undefined
 * when they are not what they should be; fields that decide (`database`, `table`, `type`) are judged by the caller.
 */
import { type Either, left, right } from 'fp-ts/lib/Either.js'
import type { Refusal } from '../core/change.js'
import { isJsonObject, type JsonObject, keysAtRowDepth, type ParsedJson } from './strict-json.js'

export interface CanalEnvelope {
  /** Empty for messages that concern no table; undefined if the message does not say. */
  readonly database: string | undefined
  readonly table: string | undefined
  readonly type: unknown
  readonly isDdl: unknown
  readonly sql: string
  readonly data: unknown
  readonly old: unknown
  readonly pkNames: unknown
  readonly batchId: number | undefined
  readonly es: number | undefined
  /** Whether some row names a column twice; reads all rows. */
  hasRepeatedKey(): boolean
}

/** Own fields only: a message without `table` must not find one on Object.prototype. */
const field = (message: JsonObject, name: string): unknown => (Object.hasOwn(message, name) ? message[name] : undefined)

/** null stands for "none": some producers write it in place of the empty string. */
const nameOf = (value: unknown): string | undefined =>
  typeof value === 'string' ? value : value === null ? '' : undefined

const positiveInteger = (value: unknown): number | undefined =>
  typeof value === 'number' && Number.isSafeInteger(value) && value > 0 ? value : undefined

export const readEnvelope = ({ value, outerMembers, rowMembers }: ParsedJson): Either<Refusal, CanalEnvelope> => {
  if (!isJsonObject(value)) return left({ code: 'SHAPE', detail: 'not a JSON object' })
  if (Object.keys(value).length !== outerMembers) return left({ code: 'DUP_KEY', detail: 'in the outermost object' })
  const sql = field(value, 'sql')
  return right({
    database: nameOf(field(value, 'database')),
    table: nameOf(field(value, 'table')),
    type: field(value, 'type'),
    isDdl: field(value, 'isDdl') ?? undefined,
    sql: typeof sql === 'string' ? sql : '',
    data: field(value, 'data') ?? null,
    old: field(value, 'old') ?? null,
    pkNames: field(value, 'pkNames'),
    batchId: positiveInteger(field(value, 'id')),
    es: positiveInteger(field(value, 'es')),
    hasRepeatedKey: () => keysAtRowDepth(value) !== rowMembers,
  })
}
