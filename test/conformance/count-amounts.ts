/** What a batch adds: exact ids and texts, new items, whole batches or nothing where a count would overflow. */
import { expect, it } from 'vitest'
import type { Increment } from '../../src/core/count-batch.js'
import type { Claim, CountStore } from '../../src/operators/batch-store.js'
import {
  type BatchWorld,
  bucketed,
  countBatch,
  expectBucketsEqualTotals,
  expectWritten,
  item,
  positions,
  readCounts,
  result,
  smallCounts,
  spanOf,
  summed,
} from './batch-world.js'

const group = 'counter.reads'
const hour = Date.UTC(2026, 10, 21, 13)

/** A store with one partition at 0, that writes batch after batch. */
const writer = async (store: CountStore) => {
  const claim: Claim = await result(store.take(group, ['reads/0'], positions({ 'reads/0': 0 })))
  let next = 0
  return {
    attempt: (batch: Parameters<CountStore['write']>[2]) =>
      result(store.write(claim, spanOf({ 'reads/0': [next, next + 1] }), batch)),
    write: async (batch: Parameters<CountStore['write']>[2]) => {
      expectWritten(await result(store.write(claim, spanOf({ 'reads/0': [next, next + 1] }), batch)))
      next++
    },
  }
}

export const countAmounts = (world: () => BatchWorld): void => {
  const smallStore = () => world().countStore({ add: new Map([['small_cnt', 1]]) })

  it('creates items that are not there, and adds to those that are', async () => {
    const { write } = await writer(world().countStore())
    const first = [item('article', 1, 3), item('video', 1, 2)]
    const second = [item('article', 1, 4), item('article', 2, 1), item('video', 3, 7)]
    await write(countBatch(first))
    await write(countBatch(second))
    expect(await readCounts(world())).toEqual(summed(first, second))
  })

  it('keeps ids exact from 0 to 2^64−1', async () => {
    const ids = ['0', '1', '9007199254740992', '9007199254740993', '9223372036854775807', '9223372036854775808']
    const items = [...ids, '18446744073709551614', '18446744073709551615'].map((id, i) => item('article', id, i + 1))
    const { write } = await writer(world().countStore({ buckets: ['hour', 'day'] }))
    await write(bucketed(items, hour))
    await write(bucketed(items, hour))
    expect(await readCounts(world())).toEqual(summed(items, items))
    await expectBucketsEqualTotals(world())
  })

  it('keeps every text of a kind apart: quotes, blanks, letter case, any script', async () => {
    const texts = ["it's", '"', '`', '\\', "\\'", '%', '_', '$1', '?', ':a', '--', ';', '\t', '\n', '{}', 'NULL', '1']
    const near = ['a', 'A', 'á', 'a\u0301', 'ß', 'ss', ' a', 'a ', 'a  ', 'ａ', '榜单', '😀', '😁', 'x'.repeat(64)]
    const long = ['😀'.repeat(64), '\u200b', '\u00a0', '\ufeff']
    const items = [...texts, ...near, ...long].map((text, i) => item(text, 7, i + 1))
    const { write } = await writer(world().countStore({ buckets: ['hour', 'day'] }))
    await write(bucketed(items, hour))
    await write(bucketed(items, hour))
    expect(await readCounts(world())).toEqual(summed(items, items))
    await expectBucketsEqualTotals(world())
  })

  it('adds to several columns at once, by their own factors, below zero too', async () => {
    const add = new Map([
      ['read_cnt', 3],
      ['small_cnt', -2],
    ])
    const { write } = await writer(world().countStore({ add }))
    await write(countBatch([item('article', 1, 5), item('article', 2, 1)]))
    await write(countBatch([item('article', 1, 1)]))
    expect(await readCounts(world())).toEqual(summed([item('article', 1, 18), item('article', 2, 3)]))
    expect((await smallCounts(world())).map(([, count]) => count)).toEqual([-12n, -2n])
  })

  it('refuses exactly the items whose count would leave its column, and writes nothing', async () => {
    const store = world().countStore({
      add: new Map([
        ['read_cnt', 1],
        ['small_cnt', 1],
      ]),
      buckets: ['hour', 'day'],
    })
    const { write, attempt } = await writer(store)
    const before = [item('article', 1, 32_760), item('article', 2, 32_760), item('article', 3, 5)]
    await write(bucketed(before, hour))
    const good = [item('article', 2, 7), item('article', 3, 1), item('article', 5, 32_767), item('video', 1, 1)]
    const bad = [item('article', 1, 8), item('article', 4, 32_768), item('video', 2, 5_000_000_000)]
    const batch = bucketed([...good, ...bad], hour)
    const outcome = await attempt(batch)
    expect(outcome.kind).toBe('refused')
    const items = outcome.kind === 'refused' ? outcome.items : []
    expect(items.map(({ index }) => batch.increments[index])).toEqual(countBatch(bad).increments)
    for (const { detail } of items) expect(detail).toMatch(/small_cnt.*32767/)
    expect(await readCounts(world())).toEqual(summed(before))
    expect((await world().offsets(group)).get('reads/0')?.next).toBe(1)
    await write(bucketed(good, hour))
    expect(await readCounts(world())).toEqual(summed(before, good))
    expect((await smallCounts(world())).map(([, count]) => count)).toEqual([32_760n, 32_767n, 6n, 32_767n, 1n])
    await expectBucketsEqualTotals(world())
  })

  it('refuses what falls below the least value', async () => {
    const { write, attempt } = await writer(world().countStore({ add: new Map([['small_cnt', -1]]) }))
    await write(countBatch([item('article', 1, 32_768)]))
    const outcome = await attempt(countBatch([item('article', 0, 1), item('article', 1, 1), item('article', 2, 1)]))
    expect(outcome).toMatchObject({ kind: 'refused', items: [{ index: 1, detail: expect.stringContaining('-32768') }] })
    expect((await smallCounts(world())).map(([, count]) => count)).toEqual([-32_768n])
  })

  it('refuses at the end of 64 bits', async () => {
    const { write, attempt } = await writer(world().countStore({ add: new Map([['read_cnt', 1_000_000_007]]) }))
    const most = Number((2n ** 63n - 1n) / 1_000_000_007n) - 1
    await write(countBatch([item('article', 1, most)]))
    expect((await readCounts(world()))[0]?.[1]).toBe(BigInt(most) * 1_000_000_007n)
    const outcome = await attempt(countBatch([item('article', 1, most + 5), item('article', 2, 1)]))
    expect(outcome).toMatchObject({ kind: 'refused', items: [{ index: 0 }] })
  })

  it('finds refused items among thousands', async () => {
    const { write, attempt } = await writer(smallStore())
    const bad = new Set([0, 999, 1_000, 2_500, 2_999])
    const items = Array.from({ length: 3_000 }, (_, i) => item('article', i, bad.has(i) ? 40_000 : 2))
    const outcome = await attempt(countBatch(items))
    expect(outcome.kind === 'refused' && outcome.items.map(({ index }) => index)).toEqual([...bad])
    expect(await world().rows()).toEqual([])
    await write(countBatch(items.filter((_, i) => !bad.has(i))))
    expect(await world().rows()).toHaveLength(2_995)
  })

  it('adds 5,000 items with their buckets, new and known ones', async () => {
    const many = (first: number): readonly Increment[] =>
      Array.from({ length: 5_000 }, (_, i) => item('x'.repeat(60), first + i, (i % 7) + 1))
    const { write } = await writer(world().countStore({ buckets: ['hour', 'day'] }))
    await write(bucketed(many(0), hour))
    await write(bucketed(many(2_500), hour))
    expect(await readCounts(world())).toEqual(summed(many(0), many(2_500)))
    await expectBucketsEqualTotals(world())
  })

  it('keeps buckets by counter, unit and start', async () => {
    const spec = { buckets: ['hour', 'day'] } as const
    const { write } = await writer(world().countStore({ name: 'reads', ...spec }))
    const items = [item('article', 1, 2), item('article', 2, 3)]
    const day = Date.UTC(2026, 10, 21)
    // A start that is neither a whole UTC hour nor day, as in Kathmandu.
    const starts = [hour, hour + 3_600_000, hour + 86_400_000, Date.UTC(2026, 10, 21, 18, 15), Date.UTC(1999, 0, 1)]
    for (const start of starts) await write(bucketed(items, start))
    const other = world().countStore({ name: 'other', ...spec })
    const claim = await result(other.take('other', ['reads/0'], positions({ 'reads/0': 0 })))
    expectWritten(await result(other.write(claim, spanOf({ 'reads/0': [0, 1] }), bucketed(items, hour))))
    const found = await world().buckets()
    const hours = (counter: string) =>
      found.filter((row) => row.counter === counter && row.unit === 'hour' && row.bizId === '1').map((row) => row.start)
    expect(hours('reads').sort()).toEqual([...starts].sort())
    expect(hours('other')).toEqual([hour])
    const ofDay = found.find(
      (row) => row.counter === 'reads' && row.unit === 'day' && row.start === day && row.bizId === '2',
    )
    expect(ofDay?.events).toBe(9n)
    await expectBucketsEqualTotals(world())
  })
}
