// The search backwards over partitions that are arrays, read through the same questions as a broker's.
import { describe, expect, it } from 'vitest'
import { canalJson } from '../../src/formats/canal-json.js'
import { newestChange, type StreamQuestions } from '../../src/operate/newest-change.js'
import type { Message } from '../../src/operators/ports.js'
import { canalMessage, ddlMessage, scores, textBytes } from '../support/canal-messages.js'

interface Record {
  readonly time: number
  readonly value: Uint8Array
}

const row = (id: string, score: string) => canalMessage({ data: [{ id, score, name: 'x' }] })
const gone = (id: string) => canalMessage({ type: 'DELETE', data: [{ id, score: '1', name: 'x' }] })

/** Partitions `t/0`, `t/1` …; `begins`: what is before is deleted. `reads` are the ranges that were asked for. */
const topicOf = (partitions: readonly (readonly Record[])[], begins = 0) => {
  const reads: (readonly [string, number, number])[] = []
  const ids = partitions.map((_, i) => `t/${i}`)
  const recordsOf = (id: string) => partitions[Number(id.slice(2))] ?? []
  const each = (of: readonly string[], answer: (id: string) => number) =>
    Promise.resolve(new Map(of.map((id) => [id, answer(id)] as const)))
  const look: StreamQuestions = {
    partitions: () => Promise.resolve(ids),
    ends: (of) => each(of, (id) => recordsOf(id).length),
    beginnings: (of) => each(of, () => begins),
    offsetsAt: (of, at) => each(of, (id) => recordsOf(id).findIndex(({ time }) => time >= at)),
    read: (from, to, hand) => {
      for (const [id, low] of from) {
        const high = to.get(id) ?? 0
        reads.push([id, low, high])
        for (const [i, { time, value }] of recordsOf(id).entries()) {
          const message: Message = {
            topic: 't',
            partition: Number(id.slice(2)),
            offset: i,
            key: null,
            value,
            timestamp: time,
          }
          if (i >= low && i < high) hand(message)
        }
      }
      return Promise.resolve()
    },
  }
  return { look, reads }
}

const search = (
  look: StreamQuestions,
  key: string,
  more: { since?: number; after?: ReadonlyMap<string, number>; most?: number } = {},
) =>
  newestChange(look, {
    topics: ['t'],
    table: scores,
    key,
    decode: canalJson([scores]),
    since: 0,
    most: 1_000_000,
    progress: () => {},
    ...more,
  })

const records = (...values: readonly Uint8Array[]): Record[] => values.map((value, i) => ({ time: 1_000 + i, value }))
const others = (count: number, time = 1_000): Record[] =>
  Array.from({ length: count }, (_, i) => ({ time: time + i, value: row('other', String(i)) }))

describe('the newest change of a row', () => {
  it('is the last one, whatever came before', async () => {
    const { look } = topicOf([records(row('7', '1'), row('8', '5'), row('7', '2'), row('8', '6'))])
    const { change, messages } = await search(look, '7')
    expect(change).toMatchObject({ partition: 't/0', offset: 2, time: 1_002, what: 'row', image: ['7', '2', 'x'] })
    expect(messages).toBe(4)
  })

  it('may be that it went, or that the whole table did', async () => {
    expect((await search(topicOf([records(row('7', '1'), gone('7'))]).look, '7')).change).toMatchObject({
      offset: 1,
      image: null,
      what: 'row',
    })
    const emptied = records(row('7', '1'), ddlMessage('TRUNCATE', 'TRUNCATE TABLE scores'), row('8', '1'))
    expect((await search(topicOf([emptied]).look, '7')).change).toMatchObject({
      offset: 1,
      image: null,
      what: 'truncate',
    })
  })

  it('passes over what cannot be read', async () => {
    const { look } = topicOf([records(row('7', '1'), textBytes('{'))])
    expect((await search(look, '7')).change?.offset).toBe(0)
  })

  it('is searched in growing steps, and no further than it is', async () => {
    const { look, reads } = topicOf([[...others(4_000), ...records(row('7', '1')), ...others(2_000)]])
    expect((await search(look, '7')).change?.offset).toBe(4_000)
    expect(reads).toEqual([
      ['t/0', 5_501, 6_001],
      ['t/0', 3_501, 5_501],
    ])
  })

  it('is of the partition that was written last', async () => {
    const first = [...others(10, 5_000), { time: 9_000, value: row('7', '1') }]
    const second = [{ time: 8_000, value: row('7', '2') }, ...others(3_000, 8_001)]
    const { look, reads } = topicOf([first, second])
    expect((await search(look, '7')).change).toMatchObject({ partition: 't/0', offset: 10 })
    // What was written in the second one before that time was not read.
    expect(Math.min(...reads.filter(([id]) => id === 't/1').map(([, low]) => low))).toBeGreaterThanOrEqual(1_000)
  })

  it('is the later one where partitions have both, however deep it lies', async () => {
    const late: Record[] = [{ time: 9_000, value: row('7', '1') }]
    const early: Record[] = [{ time: 8_000, value: row('7', '2') }]
    expect((await search(topicOf([late, early]).look, '7')).change).toMatchObject({ partition: 't/0' })
    expect((await search(topicOf([early, late]).look, '7')).change).toMatchObject({ partition: 't/1' })
    expect((await search(topicOf([early, [...late, ...others(900, 9_001)]]).look, '7')).change).toMatchObject({
      partition: 't/1',
      offset: 0,
    })
  })

  it('is the last of one message', async () => {
    const twice = canalMessage({
      data: [
        { id: '7', score: '1', name: 'x' },
        { id: '7', score: '2', name: 'x' },
      ],
    })
    expect((await search(topicOf([records(twice)]).look, '7')).change?.image).toEqual(['7', '2', 'x'])
  })

  it('is not found before the time or the offset that is given', async () => {
    const { look } = topicOf([records(row('7', '1'), row('8', '1'), row('8', '2'))])
    expect(await search(look, '7', { since: 1_001 })).toMatchObject({ change: undefined, messages: 2, whole: false })
    expect(await search(look, '7', { after: new Map([['t/0', 2]]) })).toMatchObject({ change: undefined, messages: 1 })
    expect(await search(look, '9')).toMatchObject({ change: undefined, messages: 3, whole: true })
  })

  it('is not searched through more messages than it may, and that is told', async () => {
    const { look } = topicOf([[...records(row('7', '1')), ...others(3_000)]])
    expect(await search(look, '7', { most: 500 })).toMatchObject({ change: undefined, messages: 500, cut: true })
    expect(await search(look, '7', { most: 501 })).toMatchObject({ change: undefined, messages: 2_500, cut: true })
    expect(await search(look, '7')).toMatchObject({ change: { offset: 0 }, cut: false })
  })

  it('of an empty topic, or one whose messages are deleted, there is none', async () => {
    expect(await search(topicOf([[]]).look, '7')).toMatchObject({ change: undefined, messages: 0, whole: true })
    expect(await search(topicOf([records(row('7', '1'))], 1).look, '7')).toMatchObject({
      change: undefined,
      messages: 0,
    })
  })
})
