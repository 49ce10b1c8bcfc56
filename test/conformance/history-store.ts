/** What users have read: the newest wins however often and in whatever order it comes; pages, erasure, retention. */
import { expect, it } from 'vitest'
import type { LatestRead } from '../../src/core/history-batch.js'
import type { HistoryEntry, HistoryPlace, HistoryStore, ReadHistory } from '../../src/operators/batch-store.js'
import { type BatchWorld, expectWritten, inReadOrder, positions, read, result, retried, spanOf } from './batch-world.js'

const group = 'history'
const at = Date.UTC(2026, 10, 21, 13, 0, 0, 123)

const writer = async (store: HistoryStore, partition = 'reads/0') => {
  const claim = await retried(() => store.take(group, [partition], positions({ [partition]: 0 })))
  let next = 0
  return async (reads: readonly LatestRead[]): Promise<void> => {
    const span = spanOf({ [partition]: [next, next + 1] })
    expectWritten(await retried(() => store.write(claim, span, { reads: inReadOrder(reads) })))
    next++
  }
}

/** All pages of a user, page by page. */
const pages = async (history: ReadHistory, uid: string, limit: number): Promise<readonly HistoryEntry[]> => {
  const entries: HistoryEntry[] = []
  let before: HistoryPlace | undefined
  for (;;) {
    const page = await history.page(uid, limit, before)
    entries.push(...page)
    before = page.at(-1)
    if (page.length < limit || before === undefined) return entries
  }
}

const entriesOf = (reads: readonly LatestRead[]): readonly HistoryEntry[] =>
  reads.map(({ biz, bizId, readAt }) => ({ biz, bizId, readAt }))

const byPlace = (entries: readonly HistoryEntry[]): readonly string[] =>
  entries.map(({ biz, bizId, readAt }) => JSON.stringify([readAt, biz, bizId])).sort()

export const historyStores = (world: () => BatchWorld): void => {
  const stored = async () => inReadOrder(await world().reads())

  it('keeps the newest read of each user and item, in whatever order reads come', async () => {
    const write = await writer(world().historyStore())
    await write([read(1, 'article', 1, at), read(1, 'article', 2, at + 5), read(2, 'article', 1, at + 9)])
    await write([read(1, 'article', 1, at + 1), read(1, 'article', 2, at + 4), read(2, 'article', 1, at + 9)])
    await write([read(1, 'article', 1, at - 86_400_000), read(3, 'video', 1, 0)])
    expect(await stored()).toEqual([
      read(1, 'article', 1, at + 1),
      read(1, 'article', 2, at + 5),
      read(2, 'article', 1, at + 9),
      read(3, 'video', 1, 0),
    ])
  })

  it('writes a batch once, fences, and keeps its offsets apart from those of counters', async () => {
    const [store, counter] = [world().historyStore(), world().countStore()]
    const claim = await result(store.take(group, ['reads/0'], positions({ 'reads/0': 3 })))
    await result(counter.take('counter', ['reads/0'], positions({ 'reads/0': 0 })))
    const batch = { reads: [read(1, 'article', 1, at)] }
    const span = spanOf({ 'reads/0': [3, 8] })
    expectWritten(await result(store.write(claim, span, batch)))
    expectWritten(await result(store.write(claim, span, batch)), true)
    const current = await result(
      world()
        .historyStore()
        .take(group, ['reads/0'], positions({ 'reads/0': 0 })),
    )
    expect(current.positions).toEqual(span.to)
    const late = { reads: [read(1, 'article', 1, at + 1)] }
    expect(await result(store.write(claim, spanOf({ 'reads/0': [8, 9] }), late))).toEqual({
      kind: 'fenced',
      partitions: ['reads/0'],
    })
    expect(await stored()).toEqual([read(1, 'article', 1, at)])
    expectWritten(await result(store.write(current, spanOf({ 'reads/0': [8, 9] }), late)))
    expect(await stored()).toEqual([read(1, 'article', 1, at + 1)])
  })

  it('keeps ids to 2^64−1, every text of a kind and every millisecond', async () => {
    const write = await writer(world().historyStore())
    const reads = ['0', '9007199254740993', '18446744073709551615'].flatMap((uid) =>
      ['it\'s \\ "', 'a', 'A', 'a ', '榜单😀', 'x'.repeat(64)].map((biz, i) =>
        read(uid, biz, '18446744073709551615', at + i),
      ),
    )
    await write(reads)
    await write(reads)
    expect(await stored()).toEqual(inReadOrder(reads))
    const history = world().readHistory()
    const mine = await pages(history, '18446744073709551615', 4)
    expect(byPlace(mine)).toEqual(byPlace(entriesOf(reads.filter(({ uid }) => uid === '18446744073709551615'))))
  })

  it('takes 5,000 reads in a batch', async () => {
    const write = await writer(world().historyStore())
    const reads = Array.from({ length: 5_000 }, (_, i) => read(i % 50, 'x'.repeat(60), i, at + i))
    await write(reads)
    await write(reads.map((one) => ({ ...one, readAt: one.readAt + (one.bizId.endsWith('7') ? 1 : -1) })))
    const newest = reads.map((one) => (one.bizId.endsWith('7') ? { ...one, readAt: one.readAt + 1 } : one))
    expect(await stored()).toEqual(inReadOrder(newest))
  })

  it('keeps the newest read when workers write the same users at once', async () => {
    const writers = await Promise.all([0, 1, 2].map((i) => writer(world().historyStore(), `reads/${i}`)))
    const readsOf = (worker: number, round: number) =>
      Array.from({ length: 30 }, (_, i) => read(i % 6, 'article', i, at + ((round * 7 + worker * 3 + i) % 20)))
    await Promise.all(
      writers.map(async (write, worker) => {
        for (let round = 0; round < 20; round++) await write(readsOf(worker, round))
      }),
    )
    const newest = Array.from({ length: 30 }, (_, i) => read(i % 6, 'article', i, at + 19))
    expect(await stored()).toEqual(inReadOrder(newest))
  })

  it('pages a user’s reads, latest first, through any ties, without another user’s', async () => {
    const write = await writer(world().historyStore())
    const mine = Array.from({ length: 45 }, (_, i) => read(7, i % 3 === 0 ? 'Video' : 'article', i, at + (i >> 4)))
    await write([...mine, read(6, 'article', 1, at), read(8, 'article', 1, at), read(70, 'article', 1, at)])
    const history = world().readHistory()
    expect(await history.page('9', 10)).toEqual([])
    for (const limit of [1, 4, 15, 45, 100]) {
      const entries = await pages(history, '7', limit)
      expect(byPlace(entries)).toEqual(byPlace(entriesOf(mine)))
      const times = entries.map(({ readAt }) => readAt)
      expect(times).toEqual([...times].sort((a, b) => b - a))
      expect(entries).toEqual(await history.page('7', 100))
    }
    expect(await history.page('7', 5, { biz: '', bizId: '0', readAt: at - 1 })).toEqual([])
  })

  it('erases all reads of one user', async () => {
    const write = await writer(world().historyStore())
    const mine = Array.from({ length: 2_500 }, (_, i) => read(7, 'article', i, at))
    const others = [read(6, 'article', 1, at), read(77, 'article', 1, at)]
    await write([...mine, ...others])
    const history = world().readHistory()
    expect(await history.erase('7')).toBe(2_500)
    expect(await history.page('7', 10)).toEqual([])
    expect(await history.erase('7')).toBe(0)
    expect(await stored()).toEqual(others)
  })

  it('deletes what is older than told, at most so many rows a call', async () => {
    const write = await writer(world().historyStore())
    await write(Array.from({ length: 20 }, (_, i) => read(i % 3, 'article', i, at + i)))
    const history = world().readHistory()
    expect(await history.expire(at, 100)).toBe(0)
    const deleted = [
      await history.expire(at + 10, 4),
      await history.expire(at + 10, 4),
      await history.expire(at + 10, 4),
    ]
    expect(deleted).toEqual([4, 4, 2])
    expect((await stored()).map(({ readAt }) => readAt - at).sort((a, b) => a - b)).toEqual([
      10, 11, 12, 13, 14, 15, 16, 17, 18, 19,
    ])
  })
}
