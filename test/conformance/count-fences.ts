/** Offsets move with what they stand for, once, and only for who has taken the partitions last. */
import { expect, it } from 'vitest'
import {
  type BatchWorld,
  countBatch,
  expectWritten,
  item,
  positions,
  readCounts,
  result,
  spanOf,
  summed,
} from './batch-world.js'

const group = 'counter.reads'
const one = [item('article', 1, 3), item('article', 2, 1)]

export const countFences = (world: () => BatchWorld): void => {
  const take = (offsets: Readonly<Record<string, number>>, store = world().countStore(), by = group) =>
    result(store.take(by, Object.keys(offsets), positions(offsets)))

  it('gives the offset of the caller where none is stored, and the stored one ever after', async () => {
    const store = world().countStore()
    const first = await take({ 'reads/0': 5, 'reads/1': 0 }, store)
    expect(first.group).toBe(group)
    expect(first.positions).toEqual(positions({ 'reads/0': 5, 'reads/1': 0 }))
    expect([...first.epochs.keys()].sort()).toEqual(['reads/0', 'reads/1'])
    expectWritten(await result(store.write(first, spanOf({ 'reads/0': [5, 9] }), countBatch(one))))
    const second = await take({ 'reads/0': 77, 'reads/1': 77, 'reads/2': 77 })
    expect(second.positions).toEqual(positions({ 'reads/0': 9, 'reads/1': 0, 'reads/2': 77 }))
  })

  it('raises the epoch of each partition that is taken, and of no other', async () => {
    const store = world().countStore()
    const first = await take({ 'reads/0': 0, 'reads/1': 0 }, store)
    const second = await take({ 'reads/0': 0 }, store)
    expect(second.epochs.get('reads/0')).toBeGreaterThan(first.epochs.get('reads/0') ?? Number.NaN)
    expectWritten(await result(store.write(first, spanOf({ 'reads/1': [0, 1] }), countBatch(one))))
    const stored = await world().offsets(group)
    expect(stored.get('reads/0')).toEqual({ next: 0, epoch: second.epochs.get('reads/0') })
    expect(stored.get('reads/1')).toEqual({ next: 1, epoch: first.epochs.get('reads/1') })
  })

  it('takes nothing for a member that has no partition', async () => {
    expect(await take({})).toEqual({ group, epochs: new Map(), positions: new Map() })
  })

  it('keeps groups and topics apart', async () => {
    const store = world().countStore()
    const mine = await take({ 'reads/0': 0, 'a.b-c_d/0': 4 }, store)
    const others = await take({ 'reads/0': 0, 'a.b-c_d/0': 8 }, store, 'another group')
    expectWritten(await result(store.write(mine, spanOf({ 'reads/0': [0, 2], 'a.b-c_d/0': [4, 5] }), countBatch(one))))
    expectWritten(await result(store.write(others, spanOf({ 'a.b-c_d/0': [8, 9] }), countBatch(one))))
    const again = [await take({ 'reads/0': 0, 'a.b-c_d/0': 0 }), await take({ 'a.b-c_d/0': 0 }, store, 'another group')]
    expect(again.map((claim) => claim.positions)).toEqual([
      positions({ 'reads/0': 2, 'a.b-c_d/0': 5 }),
      positions({ 'a.b-c_d/0': 9 }),
    ])
  })

  it('adds a batch once and moves all its offsets with it', async () => {
    const store = world().countStore()
    const claim = await take({ 'reads/0': 0, 'reads/1': 10, 'reads/2': 20 }, store)
    const span = spanOf({ 'reads/0': [0, 3], 'reads/1': [10, 11] })
    expectWritten(await result(store.write(claim, span, countBatch(one))))
    expect(await readCounts(world())).toEqual(summed(one))
    const stored = await world().offsets(group)
    expect([...stored].map(([id, { next }]) => [id, next]).sort()).toEqual([
      ['reads/0', 3],
      ['reads/1', 11],
      ['reads/2', 20],
    ])
    expectWritten(await result(store.write(claim, spanOf({ 'reads/0': [3, 4], 'reads/2': [20, 25] }), countBatch(one))))
    expect(await readCounts(world())).toEqual(summed(one, one))
  })

  it('moves offsets for a batch that adds nothing', async () => {
    const store = world().countStore()
    const claim = await take({ 'reads/0': 0 }, store)
    expectWritten(await result(store.write(claim, spanOf({ 'reads/0': [0, 6] }), countBatch([]))))
    expectWritten(await result(store.write(claim, spanOf({ 'reads/0': [0, 6] }), countBatch([]))), true)
    expect((await world().offsets(group)).get('reads/0')?.next).toBe(6)
  })

  it('moves an offset back for a batch that adds nothing, as where a log has lost its end', async () => {
    const store = world().countStore()
    const claim = await take({ 'reads/0': 9 }, store)
    const back = spanOf({ 'reads/0': [9, 4] })
    expectWritten(await result(store.write(claim, back, countBatch([]))))
    expectWritten(await result(store.write(claim, back, countBatch([]))), true)
    expectWritten(await result(store.write(claim, spanOf({ 'reads/0': [4, 5] }), countBatch(one))))
    expect((await world().offsets(group)).get('reads/0')?.next).toBe(5)
  })

  it('answers that a batch was written before, and adds nothing', async () => {
    const store = world().countStore()
    const claim = await take({ 'reads/0': 0, 'reads/1': 0 }, store)
    const span = spanOf({ 'reads/0': [0, 3], 'reads/1': [0, 1] })
    expectWritten(await result(store.write(claim, span, countBatch(one))))
    for (let i = 0; i < 3; i++) expectWritten(await result(store.write(claim, span, countBatch(one))), true)
    expectWritten(await result(world().countStore().write(claim, span, countBatch(one))), true)
    expect(await readCounts(world())).toEqual(summed(one))
  })

  it('writes nothing from another offset than the stored one, and names the partition', async () => {
    const store = world().countStore()
    const claim = await take({ 'reads/0': 5, 'reads/1': 5 }, store)
    for (const [from, to] of [
      [4, 6],
      [6, 7],
      [0, 4],
    ] as const) {
      const span = spanOf({ 'reads/0': [5, 6], 'reads/1': [from, to] })
      expect(await result(store.write(claim, span, countBatch(one)))).toEqual({
        kind: 'fenced',
        partitions: ['reads/1'],
      })
    }
    expect(await world().rows()).toEqual([])
    expect([...(await world().offsets(group)).values()].map(({ next }) => next)).toEqual([5, 5])
    expectWritten(await result(store.write(claim, spanOf({ 'reads/0': [5, 6], 'reads/1': [5, 9] }), countBatch(one))))
  })

  it('takes a batch for a repeated one only if all its offsets stand where it ends', async () => {
    const store = world().countStore()
    const claim = await take({ 'reads/0': 0, 'reads/1': 0 }, store)
    expectWritten(await result(store.write(claim, spanOf({ 'reads/0': [0, 3] }), countBatch(one))))
    const span = spanOf({ 'reads/0': [0, 3], 'reads/1': [0, 2] })
    expect(await result(store.write(claim, span, countBatch(one)))).toMatchObject({ kind: 'fenced' })
    expect(await readCounts(world())).toEqual(summed(one))
    expect((await world().offsets(group)).get('reads/1')?.next).toBe(0)
  })

  it('writes nothing for who has lost a partition, and names it', async () => {
    const [a, b] = [world().countStore(), world().countStore()]
    const old = await take({ 'reads/0': 0, 'reads/1': 0 }, a)
    const current = await take({ 'reads/1': 0 }, b)
    const both = spanOf({ 'reads/0': [0, 1], 'reads/1': [0, 1] })
    expect(await result(a.write(old, both, countBatch(one)))).toEqual({ kind: 'fenced', partitions: ['reads/1'] })
    expect(await world().rows()).toEqual([])
    expectWritten(await result(b.write(current, spanOf({ 'reads/1': [0, 1] }), countBatch(one))))
    // The offset is where the old owner's batch would have ended: it was not the old owner who moved it.
    expect(await result(a.write(old, spanOf({ 'reads/1': [0, 1] }), countBatch(one)))).toEqual({
      kind: 'fenced',
      partitions: ['reads/1'],
    })
    expect(await readCounts(world())).toEqual(summed(one))
    expectWritten(await result(a.write(old, spanOf({ 'reads/0': [0, 1] }), countBatch(one))))
  })

  it('writes nothing for partitions that were never taken', async () => {
    const store = world().countStore()
    const claim = await take({ 'reads/0': 0 }, store)
    expect(await result(store.write(claim, spanOf({ 'reads/7': [0, 1] }), countBatch(one)))).toEqual({
      kind: 'fenced',
      partitions: ['reads/7'],
    })
    expect(await world().rows()).toEqual([])
  })

  it('keeps offsets exact up to 2^53−1', async () => {
    const store = world().countStore()
    const claim = await take({ 'reads/0': Number.MAX_SAFE_INTEGER - 1 }, store)
    const span = spanOf({ 'reads/0': [Number.MAX_SAFE_INTEGER - 1, Number.MAX_SAFE_INTEGER] })
    expectWritten(await result(store.write(claim, span, countBatch(one))))
    expect((await take({ 'reads/0': 0 })).positions).toEqual(span.to)
  })
}
