import { firstValueFrom, from } from 'rxjs'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { CountedArticles } from '../../src/demo/counted-articles.js'
import { compareReads } from '../../src/demo/demo-verdict.js'
import { StreamedArticles } from '../../src/demo/streamed-articles.js'

/** By the one item that is read here: article 78. */
const item = '11 et'
const counts = (number: number): Map<string, number> => new Map(number === 0 ? [] : [[item, number]])

describe('whether every read is counted once', () => {
  let told = ''
  beforeEach(() => {
    told = ''
    vi.spyOn(process.stdout, 'write').mockImplementation((text) => {
      told += String(text)
      return true
    })
  })
  afterEach(() => {
    vi.restoreAllMocks()
  })

  const compare = (sent: number, counted: readonly number[], total: number, deleted: readonly string[] = []) => {
    const later = [...counted]
    return compareReads({
      readers: { sent, sentOf: counts(sent), failures: 0, failure: '' },
      deleted: new Set(deleted),
      table: { totals: async () => counts(total) },
      counter: { counted: async () => counts((later.length > 1 ? later.shift() : later[0]) ?? 0) },
      patience: 200,
    })
  }

  test('yes, once the counter has come so far', async () => {
    expect(await compare(5, [0, 3, 5], 5)).toBe(true)
    expect(told).toBe('\nreads counted exactly once: yes (5 sent, 5 counted, 1 articles)\n')
  })

  test.each<[string, counted: number, total: number]>([
    ['one that is missing', 4, 4],
    ['one that is counted twice', 6, 6],
    ['one that is twice in the table', 5, 6],
    ['one that is not in the table', 5, 0],
  ])('no, for %s', async (_name, counted, total) => {
    expect(await compare(5, [counted], total)).toBe(false)
    expect(told).toContain(`exactly once: no (5 sent, ${counted} counted, 1 of 1 articles differ)`)
    expect(told).toContain(`such as ${item}: 5 sent, ${counted} counted, ${total} in the table`)
  })

  test('an article that was deleted has taken its total with it', async () => {
    expect(await compare(5, [5], 0, [item])).toBe(true)
    expect(await compare(5, [4], 0, [item])).toBe(false)
  })
})

describe('the simulated table', () => {
  const spec = {
    name: 'reads',
    table: { schema: undefined, name: 'interactives' },
    key: { biz: 'biz', bizId: 'biz_id' },
    add: new Map([['read_cnt', 1]]),
    buckets: ['day'],
    timeZone: 'UTC',
  } as const

  test('tells the changes that the counter makes as those of its rows, also of a row that was deleted', async () => {
    const told: Record<string, unknown>[] = []
    const table = new StreamedArticles((value) => {
      told.push(JSON.parse(String(value)))
    })
    const counted = new CountedArticles(table)
    const store = counted
      .parts(() => {
        throw new Error('no consumer')
      })
      .openCountStore(spec)
    const start = new Map([['read_events/0', 0]])
    const claim = await firstValueFrom(from(store.take('g', ['read_events/0'], start)))
    const read = { biz: 'et', bizId: '11', events: 2 }
    const write = async (at: number) => {
      const span = { from: new Map([['read_events/0', at]]), to: new Map([['read_events/0', at + 2]]) }
      const batch = { increments: [read], buckets: [{ ...read, unit: 'day', start: 0 } as const] }
      return firstValueFrom(from(store.write(claim, span, batch)))
    }
    told.length = 0
    expect(await write(0)).toEqual({ kind: 'written', repeated: false })
    expect(await write(0)).toEqual({ kind: 'written', repeated: true })
    expect(told).toMatchObject([{ type: 'UPDATE', old: [{ read_cnt: '0' }], data: [{ id: '78', read_cnt: '2' }] }])
    await table.apply({ kind: 'delete', id: 78 })
    await write(2)
    expect(told.slice(2)).toMatchObject([{ type: 'INSERT', data: [{ biz: 'et', biz_id: '11', read_cnt: '2' }] }])
    expect(await table.totals()).toEqual(counts(2))
    expect(await counted.counted()).toEqual(counts(4))
  })
})
