// Many workers on the same items of a real Postgres, in each other's way and in trouble: every sum is exact in the end.
import { afterEach, beforeEach, expect, test } from 'vitest'
import { randomFrom } from '../../scripts/bench/zipf.js'
import type { Increment } from '../../src/core/count-batch.js'
import { PostgresCountStore } from '../../src/databases/postgres/count-store.js'
import type { CountStore } from '../../src/operators/batch-store.js'
import {
  type BatchWorld,
  bucketed,
  expectBucketsEqualTotals,
  item,
  positions,
  readCounts,
  retried,
  spanOf,
  summed,
} from '../conformance/batch-world.js'
import { CutProxy } from '../support/cut-proxy.js'
import { seedOf } from '../support/loaded-replicas.js'
import { insistOn, persist } from '../support/persistent-write.js'
import { countedSpec, openPostgresWorld } from '../support/postgres-batch-world.js'
import { openPostgresSandbox, type PostgresSandbox, terminate } from '../support/postgres-sandbox.js'
import { control, controllable } from '../support/stack.js'
import { until } from '../support/until.js'

const group = 'counter.reads'
const hour = Date.UTC(2026, 10, 21, 13)
const spec = { ...countedSpec, buckets: ['hour', 'day'] } as const

let sandbox: PostgresSandbox
let world: BatchWorld
beforeEach(async () => {
  sandbox = await openPostgresSandbox('storms')
  world = await openPostgresWorld(sandbox)
})
afterEach(() => world.close())

const take = (from: CountStore, id: string) => retried(() => from.take(group, [id], positions({ [id]: 0 })))

let conflicts = 0
beforeEach(() => {
  conflicts = 0
})

interface Work {
  readonly rounds: number
  readonly size: number
  /** Which of a few more items than `size` comes at a place of the batch: their order is the worker's own. */
  readonly order: (place: number) => number
  readonly bucketed?: boolean
}

const work = async (
  worker: number,
  own: CountStore,
  { rounds, size, order, bucketed: withBuckets = true }: Work,
): Promise<readonly Increment[]> => {
  const id = `reads/${worker}`
  const claim = await take(own, id)
  const sent: Increment[] = []
  for (let round = 0; round < rounds; round++) {
    const increments = Array.from({ length: size }, (_, i) => item('article', order(i + round), worker + 1))
    const batch = { buckets: withBuckets ? bucketed(increments, hour).buckets : [], increments }
    const { codes } = await persist(() => own.write(claim, spanOf({ [id]: [round, round + 1] }), batch))
    conflicts += codes.filter((code) => code === 'DATABASE_CONFLICT').length
    sent.push(...increments)
  }
  return sent
}

const expectSums = async (sent: readonly (readonly Increment[])[], rounds: number): Promise<void> => {
  expect(await readCounts(world)).toEqual(summed(...sent))
  await expectBucketsEqualTotals(world)
  expect([...(await world.offsets(group)).values()].map(({ next }) => next)).toEqual(sent.map(() => rounds))
}

test('thirty workers on the same items end with exact sums', async () => {
  const stores = Array.from({ length: 30 }, () => world.countStore({ buckets: ['hour', 'day'] }))
  const order = (place: number) => (place * 7) % 37
  await expectSums(await Promise.all(stores.map((own, i) => work(i, own, { rounds: 6, size: 30, order }))), 6)
})

test('workers whose batches come in opposite orders deadlock, and end with exact sums', async () => {
  // Without buckets, which all would wait for in their one order.
  const works = [(place: number) => place, (place: number) => 310 - place].map(
    (order): Work => ({ rounds: 3, size: 300, order, bucketed: false }),
  )
  const before = await work(9, world.countStore(), { rounds: 1, size: 300, order: (place) => place, bucketed: false })
  const held = await world.hold(item('article', 150))
  const working = Promise.all(works.map((one, i) => work(i, world.countStore(), one)))
  // Each has what the other one wants next.
  await until('both wait', async () => (await held.waiting()) === 2)
  await held.release()
  const sent = await working
  expect(await readCounts(world)).toEqual(summed(before, ...sent))
  expect(conflicts).toBeGreaterThan(0)
})

test('workers whose connections are terminated and cut all the time end with exact sums', async () => {
  const random = randomFrom(seedOf('postgres storm'))
  const proxies = await Promise.all(Array.from({ length: 6 }, () => CutProxy.open(sandbox.url)))
  const stores = proxies.map(({ url }) => new PostgresCountStore({ url, timeoutMs: 2_000, spec }))
  let over = false
  let ended = 0
  const trouble = async (): Promise<void> => {
    while (!over) {
      proxies[Math.floor(random() * proxies.length)]?.plan('standing AS', random() < 0.5 ? 'cut-before' : 'cut-after')
      await new Promise((resolve) => setTimeout(resolve, random() * 20))
      if (random() < 0.3) {
        await terminate(sandbox)
        ended++
      }
    }
  }
  const troubled = trouble()
  // Whoever takes fails, too, for as long as the trouble lasts.
  const sent = await Promise.all(
    stores.map((own, worker) => {
      const patient: CountStore = {
        take: (...told) => insistOn(() => own.take(...told)).then(({ answer }) => answer),
        write: (...told) => own.write(...told),
      }
      return work(worker, patient, { rounds: 8, size: 30, order: (place) => (place * 7) % 37 })
    }),
  ).finally(() => {
    over = true
  })
  await troubled
  expect(ended + proxies.reduce((sum, { done }) => sum + done, 0)).toBeGreaterThan(10)
  await expectSums(sent, 8)
  for (const own of stores) await own.close()
  for (const one of proxies) one.close()
})

test.runIf(controllable('postgres'))(
  'a server that is killed and comes back loses nothing that it confirmed',
  async () => {
    const server = control('postgres')
    const working = Promise.all(
      [0, 1, 2].map((worker) =>
        work(worker, world.countStore({ buckets: ['hour', 'day'] }), {
          rounds: 8,
          size: 30,
          order: (place) => (place * 7) % 37,
        }),
      ),
    )
    await until('something is written', async () => (await world.rows()).length > 0)
    await server.kill()
    await server.start()
    const sent = await working
    const again = await openWorldAgain()
    expect(await again('SELECT sum(read_cnt) FROM counted')).toEqual([
      [String(sent.flat().reduce((sum, { events }) => sum + events, 0))],
    ])
    expect(await again('SELECT sum(events), unit FROM count_buckets GROUP BY unit ORDER BY unit')).toEqual(
      ['day', 'hour'].map((unit) => [String(sent.flat().reduce((sum, { events }) => sum + events, 0)), unit]),
    )
  },
)

/** The sandbox's own connection is gone with the server that was killed. */
const openWorldAgain = async () => {
  const client = await sandbox.connect()
  return async (text: string): Promise<unknown> => {
    const { rows } = await client.query({ text, rowMode: 'array' })
    return rows
  }
}
