/**
 * The newest message that tells of a row, searched for from the ends of its topics backwards, in growing steps.
 *
 * A key is in one partition as a rule, but where it is in several (partitions were added, or are not chosen by key), the
 * one that was written last is told: partitions are searched back as far as that time. Memory: one step's last find a
 * partition.
 */
import { isRight } from 'fp-ts/lib/Either.js'
import type { Decode } from '../core/change.js'
import type { StreamChange } from '../core/explanation.js'
import { type Positions, partitionId } from '../core/positions.js'
import type { TableShape } from '../core/table.js'
import type { Message } from '../operators/ports.js'

/** A `KafkaLook` answers them. */
export interface StreamQuestions {
  partitions(topics: readonly string[]): Promise<readonly string[]>
  ends(partitions: readonly string[]): Promise<Positions>
  beginnings(partitions: readonly string[]): Promise<Positions>
  offsetsAt(partitions: readonly string[], time: number): Promise<Positions>
  read(from: Positions, to: Positions, each: (message: Message) => void): Promise<void>
}

export interface StreamSearch {
  readonly topics: readonly string[]
  readonly table: TableShape
  readonly key: string
  readonly decode: Decode
  /** Not further back than this, ms since 1970. */
  readonly since: number
  /** Nor than these offsets. */
  readonly after?: Positions
  /** Nor through more messages than this, about: a step begins before. */
  readonly most: number
  /** Told after each step. */
  readonly progress: (messages: number) => void
}

export interface Searched {
  readonly change: StreamChange | undefined
  readonly messages: number
  /** All that the topics hold was searched, or there is a find: nothing newer than `ends` was left out. */
  readonly whole: boolean
  /** `most` ended it, not `since`. */
  readonly cut: boolean
  /** Where the topics ended. */
  readonly ends: Positions
}

/** Messages a partition in the first step, and at most. */
const [firstStep, longestStep] = [500, 50_000]

export const newestChange = async (look: StreamQuestions, search: StreamSearch): Promise<Searched> => {
  const partitions = await look.partitions(search.topics)
  const ends = await look.ends(partitions)
  const first = await look.beginnings(partitions)
  const bounds = await lowerBounds(look, search, { partitions, ends, first })
  const left = new Map([...ends].filter(([id, end]) => end > (bounds.get(id) ?? 0)))
  let [change, messages]: [StreamChange | undefined, number] = [undefined, 0]
  for (let step = firstStep; left.size > 0 && messages < search.most; step = Math.min(4 * step, longestStep)) {
    const from = new Map([...left].map(([id, high]) => [id, Math.max(bounds.get(id) ?? 0, high - step)]))
    const found = await searchStep(look, search, from, left)
    messages += found.messages
    search.progress(messages)
    for (const [id, low] of from) {
      if (found.changes.has(id) || low <= (bounds.get(id) ?? 0)) left.delete(id)
      else left.set(id, low)
    }
    for (const one of found.changes.values()) if ((one.time ?? 0) >= (change?.time ?? 0)) change = one
    if (found.changes.size > 0 && left.size > 0) await raise(look, bounds, left, change?.time ?? 0)
  }
  const whole = left.size === 0 && [...bounds].every(([id, low]) => low <= (first.get(id) ?? 0))
  return { change, messages, whole: whole || change !== undefined, cut: left.size > 0, ends }
}

interface Extent {
  readonly partitions: readonly string[]
  readonly ends: Positions
  readonly first: Positions
}

const lowerBounds = async (
  look: StreamQuestions,
  { since, after }: StreamSearch,
  { partitions, ends, first }: Extent,
) => {
  const at = since <= 0 ? first : await look.offsetsAt(partitions, since)
  const bounds = new Map<string, number>()
  for (const [id, end] of ends) {
    const since = at.get(id) ?? -1
    bounds.set(id, Math.max(first.get(id) ?? 0, since < 0 ? end : since, after?.get(id) ?? 0))
  }
  return bounds
}

/** What was written before the find need not be searched. */
const raise = async (look: StreamQuestions, bounds: Map<string, number>, left: Map<string, number>, time: number) => {
  for (const [id, offset] of await look.offsetsAt([...left.keys()], time)) {
    const high = left.get(id) ?? 0
    const low = Math.max(bounds.get(id) ?? 0, offset < 0 ? high : offset)
    bounds.set(id, low)
    if (low >= high) left.delete(id)
  }
}

const searchStep = async (look: StreamQuestions, search: StreamSearch, from: Positions, to: Positions) => {
  const changes = new Map<string, StreamChange>()
  let messages = 0
  await look.read(from, to, (message) => {
    messages += 1
    const change = changeIn(message, search)
    if (change !== undefined) changes.set(change.partition, change)
  })
  return { changes, messages }
}

/** The last that the message tells of the row. What cannot be read tells nothing: dead letters have it. */
const changeIn = (message: Message, { decode, table, key }: StreamSearch): StreamChange | undefined => {
  const decoded = decode(message.value)
  if (!isRight(decoded)) return undefined
  const at = {
    partition: partitionId(message.topic, message.partition),
    offset: message.offset,
    time: message.timestamp,
  }
  for (const event of decoded.right.events.toReversed()) {
    if (event.kind === 'row' && event.table === table && event.key === key)
      return { ...at, image: event.after, what: 'row' }
    if (event.kind === 'truncate' && event.table === table) return { ...at, image: null, what: 'truncate' }
  }
  return undefined
}
