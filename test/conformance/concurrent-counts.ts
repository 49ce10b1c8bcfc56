/** Several workers on the same tables: nothing lost, nothing twice, no error but a conflict that passes. */
import { expect, it } from 'vitest'
import type { Increment } from '../../src/core/count-batch.js'
import type { CountStore } from '../../src/operators/batch-store.js'
import { until } from '../support/until.js'
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
  retried,
  spanOf,
  summed,
} from './batch-world.js'

const group = 'counter.reads'
const hour = Date.UTC(2026, 10, 21, 13)
const rounds = 25

/** Overlapping items of a worker's round, some of them new in it: the same in every run. */
const itemsOf = (worker: number, round: number): readonly Increment[] =>
  Array.from({ length: 40 }, (_, i) => item('article', (i * (worker + 2)) % 60 <= 40 ? i : round * 40 + i, worker + 1))

const work = async (store: CountStore, worker: number): Promise<readonly Increment[]> => {
  const partition = `reads/${worker}`
  const claim = await retried(() => store.take(group, [partition], positions({ [partition]: 0 })))
  const sent: Increment[] = []
  for (let round = 0; round < rounds; round++) {
    const items = itemsOf(worker, round)
    const span = spanOf({ [partition]: [round, round + 1] })
    expectWritten(await retried(() => store.write(claim, span, bucketed(items, hour + (round % 3) * 3_600_000))))
    sent.push(...items)
  }
  return sent
}

const take = (store: CountStore, partitions: readonly string[]) =>
  retried(() => store.take(group, partitions, new Map(partitions.map((id) => [id, 0]))))

export const concurrentCounts = (world: () => BatchWorld): void => {
  it('adds up what workers of different partitions count for the same items', async () => {
    const stores = [0, 1, 2].map(() => world().countStore({ buckets: ['hour', 'day'] }))
    const sent = await Promise.all(stores.map(work))
    expect(await readCounts(world())).toEqual(summed(...sent))
    await expectBucketsEqualTotals(world())
    expect([...(await world().offsets(group)).values()].map(({ next }) => next)).toEqual([rounds, rounds, rounds])
  })

  it('writes a batch once that is sent twice at the same time', async () => {
    const stores = [world().countStore(), world().countStore()]
    const claim = await take(world().countStore(), ['reads/0'])
    for (let round = 0; round < rounds; round++) {
      const span = spanOf({ 'reads/0': [round, round + 1] })
      const batch = countBatch([item('article', 1), item('article', round + 2)])
      const outcomes = await Promise.all(stores.map((store) => retried(() => store.write(claim, span, batch))))
      expect(outcomes.map((outcome) => outcome.kind === 'written' && outcome.repeated).sort()).toEqual([false, true])
    }
    expect((await readCounts(world()))[0]).toEqual(['"article":1', BigInt(rounds)])
  })

  it('gives partitions that are taken at the same time to the last one', async () => {
    const partitions = ['reads/0', 'reads/1', 'reads/2']
    const stores = [0, 1, 2, 3].map(() => world().countStore())
    const claims = await Promise.all(
      stores.map((store, i) => take(store, i % 2 === 0 ? partitions : [...partitions].reverse())),
    )
    for (const id of partitions) {
      const epochs = claims.map((claim) => claim.epochs.get(id) ?? Number.NaN)
      expect(new Set(epochs).size).toBe(stores.length)
      const last = Math.max(...epochs)
      for (const [i, claim] of claims.entries()) {
        const write = stores[i]?.write(claim, spanOf({ [id]: [0, 1] }), countBatch([item('article', id.slice(-1))]))
        const outcome = await result(write ?? [])
        if (claim.epochs.get(id) === last) expectWritten(outcome)
        else expect(outcome).toEqual({ kind: 'fenced', partitions: [id] })
      }
    }
    expect((await readCounts(world())).map(([, count]) => count)).toEqual([1n, 1n, 1n])
  })
}

export const waitingCounts = (world: () => BatchWorld): void => {
  it('writes what is sent behind a batch that is under way, once that is written', async () => {
    const store = world().countStore()
    const claim = await take(store, ['reads/0'])
    expectWritten(await result(store.write(claim, spanOf({ 'reads/0': [0, 1] }), countBatch([item('article', 1)]))))
    const held = await world().hold(item('article', 1))
    const first = result(store.write(claim, spanOf({ 'reads/0': [1, 3] }), countBatch([item('article', 1, 2)])))
    await until('the first waits for the row', async () => (await held.waiting()) === 1)
    const second = result(store.write(claim, spanOf({ 'reads/0': [3, 6] }), countBatch([item('article', 1, 3)])))
    await until('the second waits for the first', async () => (await held.waiting()) === (world().sendsAhead ? 2 : 1))
    await held.release()
    expectWritten(await first)
    expectWritten(await second)
    expect(await readCounts(world())).toEqual([['"article":1', 6n]])
    expect((await world().offsets(group)).get('reads/0')?.next).toBe(6)
  })

  it('writes nothing of what is sent behind a batch that is refused', async () => {
    const store = world().countStore({ add: new Map([['small_cnt', 1]]) })
    const claim = await take(store, ['reads/0'])
    expectWritten(await result(store.write(claim, spanOf({ 'reads/0': [0, 1] }), countBatch([item('article', 1)]))))
    const held = await world().hold(item('article', 1))
    const tooMuch = countBatch([item('article', 1, 32_767)])
    const first = result(store.write(claim, spanOf({ 'reads/0': [1, 2] }), tooMuch))
    await until('the first waits for the row', async () => (await held.waiting()) === 1)
    const second = result(store.write(claim, spanOf({ 'reads/0': [2, 3] }), countBatch([item('article', 2)])))
    await until('the second waits for the first', async () => (await held.waiting()) === (world().sendsAhead ? 2 : 1))
    await held.release()
    expect((await first).kind).toBe('refused')
    expect(await second).toEqual({ kind: 'fenced', partitions: ['reads/0'] })
    expect((await world().offsets(group)).get('reads/0')?.next).toBe(1)
    expect((await world().rows()).map(({ smallCnt }) => smallCnt)).toEqual([1n])
  })

  it('lets whoever takes the partition wait for a write that is under way, and sees its offset', async () => {
    const [a, b] = [world().countStore(), world().countStore()]
    const old = await take(a, ['reads/0'])
    const items = [item('article', 1), item('article', 2)]
    expectWritten(await result(a.write(old, spanOf({ 'reads/0': [0, 1] }), countBatch(items))))
    const held = await world().hold(item('article', 2))
    const writing = result(a.write(old, spanOf({ 'reads/0': [1, 2] }), countBatch(items)))
    await until('the write waits', async () => (await held.waiting()) === 1)
    const taking = take(b, ['reads/0'])
    await until('the take waits, too', async () => (await held.waiting()) === 2)
    await held.release()
    expectWritten(await writing)
    const claim = await taking
    expect(claim.positions).toEqual(positions({ 'reads/0': 2 }))
    expect(await result(a.write(old, spanOf({ 'reads/0': [2, 3] }), countBatch(items)))).toMatchObject({
      kind: 'fenced',
    })
    expectWritten(await result(b.write(claim, spanOf({ 'reads/0': [2, 3] }), countBatch(items))))
    expect(await readCounts(world())).toEqual(summed(items, items, items))
  })

  it('does not let a write of one partition wait for one of another', async () => {
    const [a, b] = [world().countStore(), world().countStore()]
    const [mine, others] = [await take(a, ['reads/0']), await take(b, ['reads/1'])]
    const items = [item('article', 1), item('article', 2)]
    expectWritten(await result(a.write(mine, spanOf({ 'reads/0': [0, 1] }), countBatch(items))))
    const held = await world().hold(item('article', 2))
    const writing = result(a.write(mine, spanOf({ 'reads/0': [1, 2] }), countBatch([item('article', 2)])))
    await until('the write waits', async () => (await held.waiting()) === 1)
    expectWritten(await result(b.write(others, spanOf({ 'reads/1': [0, 1] }), countBatch([item('article', 1)]))))
    await held.release()
    expectWritten(await writing)
    expect(await readCounts(world())).toEqual(summed(items, items))
  })
}
