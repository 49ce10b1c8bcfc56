/**
 * Every message that a history has produced, good or poison, and what the tables must hold once a group has counted them.
 */
import type { BucketUnit } from '../../src/core/count-batch.js'
import type { ErrorCode } from '../../src/core/errors.js'
import type { ReadEvent } from '../../src/core/read-event.js'
import type { Draws } from './draws.js'

export interface ProducedRead {
  readonly partition: number
  readonly offset: number
  /** The codes that it may be refused with; an event that is good has none. */
  readonly event: ReadEvent | undefined
  readonly code: ErrorCode | undefined
  /** Groups that may not have read it when the topic dropped it. */
  readonly lostTo: Set<string>
}

/** Half an hour off whole hours, without DST: where a bucket begins is plain arithmetic. */
export const timeZone = 'Asia/Kolkata'
const zoneOffset = 19_800_000
const lengths = { hour: 3_600_000, day: 86_400_000 } as const

export const bucketOf = (unit: BucketUnit, ts: number): number =>
  Math.floor((ts + zoneOffset) / lengths[unit]) * lengths[unit] - zoneOffset

export const itemOf = ({ biz, bizId }: Pick<ReadEvent, 'biz' | 'bizId'>): string => `${biz}:${bizId}`

const kinds = ['article', 'video', '榜单', 'a"b'] as const
const ids = ['1', '2', '9007199254740993', '18446744073709551615'] as const
const users = ['0', '7', '9007199254740992', '18446744073709551615'] as const

const pick = <T>(draws: Draws, values: readonly [T, ...T[]]): T => values[draws.below(values.length)] ?? values[0]

const encode = (text: string): Uint8Array => new TextEncoder().encode(text)

/** Ids as numbers or as strings; a field that nobody knows now and then. */
const textOf = (draws: Draws, { uid, biz, bizId, ts }: ReadEvent): string => {
  const id = (value: string): string => (draws.below(2) === 0 ? value : `"${value}"`)
  const more = draws.below(3) === 0 ? ',"from":{"page":[1,2]}' : ''
  return `{"uid":${id(uid)},"biz":${JSON.stringify(biz)},"biz_id":${id(bizId)},"ts":${ts}${more}}`
}

export const goodRead = (draws: Draws, now: number): { readonly event: ReadEvent; readonly value: Uint8Array } => {
  const ts = now - draws.below(3) * lengths.day + draws.below(3) * lengths.hour - draws.below(1_000)
  const event = { uid: pick(draws, users), biz: pick(draws, kinds), bizId: pick(draws, ids), ts }
  return { event, value: encode(textOf(draws, event)) }
}

const tooLarge = new Uint8Array(65 * 1024).fill(0x20)

export const poison = (draws: Draws, now: number): { readonly code: ErrorCode; readonly value: Uint8Array | null } => {
  const rest = `"biz":"article","biz_id":1,"ts":${now}`
  const bad: readonly [
    readonly [ErrorCode, string | Uint8Array | null],
    ...(readonly [ErrorCode, string | Uint8Array | null])[],
  ] = [
    ['EVENT_FIELD', null],
    ['PARSE', '{"uid":1,'],
    ['UTF8', Uint8Array.of(0x22, 0xff, 0x22)],
    ['DUP_KEY', `{"uid":1,"uid":1,${rest}}`],
    ['EVENT_FIELD', `{"uid":-1,${rest}}`],
    ['EVENT_FIELD', `{"uid":18446744073709551616,${rest}}`],
    ['EVENT_FIELD', `{"uid":1,"biz":7,"biz_id":1,"ts":${now}}`],
    ['EVENT_FIELD', `{"uid":1,"biz":"article","biz_id":1,"ts":${now + 3 * lengths.day}}`],
    ['TOO_LARGE', tooLarge],
  ]
  const [code, value] = pick(draws, bad)
  return { code, value: typeof value === 'string' ? encode(value) : value }
}

/** What a group has to have made of its events. */
export interface Expected {
  /** By item: events that must be counted, and those that were dropped from the topic and may have been. */
  readonly items: ReadonlyMap<string, { readonly sure: number; readonly most: number }>
  /** By unit, start and item, of the sure ones. */
  readonly buckets: ReadonlyMap<string, number>
  /** By user and item: the newest of the sure ones, and of all. */
  readonly reads: ReadonlyMap<string, { readonly sure: number; readonly most: number }>
  readonly poison: readonly ProducedRead[]
  readonly lost: boolean
}

/** `counts`: whether the event is one that the group would count at all. `refused`: it became a dead letter. */
export const expectedOf = (
  produced: readonly ProducedRead[],
  group: string,
  counts: (read: ProducedRead) => boolean,
  refused: (read: ProducedRead) => boolean,
): Expected => {
  const items = new Map<string, { sure: number; most: number }>()
  const buckets = new Map<string, number>()
  const reads = new Map<string, { sure: number; most: number }>()
  const bad: ProducedRead[] = []
  let lost = false
  for (const read of produced) {
    if (!counts(read)) continue
    const isSure = !read.lostTo.has(group)
    lost ||= !isSure
    const { event } = read
    if (event === undefined) {
      if (isSure) bad.push(read)
      continue
    }
    const item = itemOf(event)
    const sums = items.get(item) ?? { sure: 0, most: 0 }
    items.set(item, { sure: sums.sure + (isSure && !refused(read) ? 1 : 0), most: sums.most + 1 })
    const user = `${event.uid} ${item}`
    const times = reads.get(user) ?? { sure: Number.NEGATIVE_INFINITY, most: Number.NEGATIVE_INFINITY }
    reads.set(user, {
      sure: isSure ? Math.max(times.sure, event.ts) : times.sure,
      most: Math.max(times.most, event.ts),
    })
    if (!isSure) continue
    for (const unit of ['hour', 'day'] as const) {
      const key = `${unit} ${bucketOf(unit, event.ts)} ${item}`
      buckets.set(key, (buckets.get(key) ?? 0) + 1)
    }
  }
  return { items, buckets, reads, poison: bad, lost }
}
