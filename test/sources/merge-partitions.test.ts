// Partitions read as one stream: the order, and positions that say more than the messages.
import { from, type Observable, Subject } from 'rxjs'
import { expect, it } from 'vitest'
import type { Message, MessageBatch } from '../../src/operators/ports.js'
import { mergePartitions } from '../../src/sources/merge-partitions.js'

const message = (partition: number, offset: number, timestamp: number): Message => {
  return { topic: 't', partition, offset, key: null, value: null, timestamp }
}
const batch = (partition: number, end: number, messages: readonly Message[]): MessageBatch => {
  return { messages, positions: new Map([[`t/${partition}`, end]]), release: () => {} }
}

interface Handed {
  readonly read: readonly string[]
  /** After each batch. */
  readonly positions: readonly Readonly<Record<string, number>>[]
}

/** Every batch is released at once. */
const merged = (start: Readonly<Record<string, number>>, ...lanes: readonly Observable<MessageBatch>[]): Handed => {
  const [read, positions]: [string[], Record<string, number>[]] = [[], []]
  const partitions = new Map(lanes.map((lane, partition) => [`t/${partition}`, lane]))
  mergePartitions(new Map(Object.entries(start)), partitions).subscribe((handed) => {
    for (const { partition, offset } of handed.messages) read.push(`${partition}:${offset}`)
    positions.push(Object.fromEntries(handed.positions))
    handed.release()
  })
  return { read, positions }
}

it('the earliest comes first, and at the same time the partition that is named first', () => {
  const zero = batch(0, 3, [message(0, 0, 10), message(0, 1, 30), message(0, 2, 20)])
  const one = batch(1, 2, [message(1, 0, 10), message(1, 1, 25)])
  expect(merged({}, from([zero]), from([one])).read).toEqual(['0:0', '1:0', '1:1', '0:1', '0:2'])
})

it('nothing is handed on while a partition may still come up with something earlier', () => {
  const silent = new Subject<MessageBatch>()
  const { read } = merged({}, from([batch(0, 1, [message(0, 0, 10)])]), silent)
  expect(read).toEqual([])
  silent.next(batch(1, 1, [message(1, 0, 5)]))
  expect(read).toEqual(['1:0'])
  silent.complete()
  expect(read).toEqual(['1:0', '0:0'])
})

it('begins with the positions that it was given, and passes what a broker leaves out behind the last message', () => {
  const one = merged({ 't/0': 4, 't/9': 7 }, from([batch(0, 9, [message(0, 4, 10), message(0, 6, 11)])]))
  expect(one.positions).toEqual([
    { 't/0': 4, 't/9': 7 },
    { 't/0': 9, 't/9': 7 },
  ])
})
