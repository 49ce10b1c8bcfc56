/**
 * The read events that every run of the bench counts: the same seed gives the same events, so that no process has to be
 * told them, and what is in the table at the end can be compared with them.
 */
import { randomFrom, zipfDraw } from './zipf.js'

export interface ReadsOptions {
  readonly seed: number
  readonly events: number
  readonly items: number
}

const zipfExponent = 1.1
const users = 50_000
const firstTs = 1_790_000_000_000

/** The item of each event, in order. */
export const drawReads = ({ seed, events, items }: ReadsOptions): Uint32Array => {
  const draw = zipfDraw(items, zipfExponent, randomFrom(seed))
  // Ids are scattered, so that popular items are not neighbours in the index.
  return Uint32Array.from({ length: events }, () => ((draw() * 7_919) % items) + 1)
}

export const bizOf = (item: number): string => (item % 3 === 0 ? 'song' : 'article')

export const eventKey = (item: number): string => `${bizOf(item)}:${item}`

/** The message's value. `index`: of the event. */
export const eventText = (item: number, index: number): string =>
  `{"uid":${((index * 7_919) % users) + 1},"biz":"${bizOf(item)}","biz_id":${item},"ts":${firstTs + index}}`

/** How often each item occurs, in the order in which counters write: by biz, then by id. */
export const foldItems = (items: Iterable<number>): readonly (readonly [item: number, events: number])[] => {
  const counts = new Map<number, number>()
  for (const item of items) counts.set(item, (counts.get(item) ?? 0) + 1)
  const place = (item: number): number => (item % 3 === 0 ? 2 ** 32 : 0) + item
  return [...counts].sort(([a], [b]) => place(a) - place(b))
}

/** The events in batches of `size`, each folded. */
export const foldedBatches = (reads: Uint32Array, size: number): ReturnType<typeof foldItems>[] =>
  Array.from({ length: Math.ceil(reads.length / size) }, (_, n) =>
    foldItems(reads.subarray(n * size, Math.min(reads.length, (n + 1) * size))),
  )
