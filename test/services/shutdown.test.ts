// SIGTERM under load: what was read is published and committed, the lease is given back, and a server that hangs
// cannot hold the process.
import { setTimeout as delay } from 'node:timers/promises'
import { afterEach, expect, test } from 'vitest'
import { CommittedSequence } from '../support/committed-sequence.js'
import { LoadedReplicas, seedOf } from '../support/loaded-replicas.js'
import { control, controllable } from '../support/stack.js'

/** From SIGTERM to the end, ms. */
const limit = 10_000

let loaded: LoadedReplicas | undefined

const start = async (what: string): Promise<LoadedReplicas> => {
  // Nobody keeps the board while the only replica is away.
  const rules = { lagLimit: Number.POSITIVE_INFINITY, mayBeStale: true }
  loaded = await LoadedReplicas.start({ seed: seedOf(what), rules, names: ['a'] })
  return loaded
}

afterEach(async ({ task }) => {
  for (const name of ['redis', 'kafka'] as const) if (controllable(name)) await control(name).resume()
  await loaded?.end(task)
  loaded = undefined
})

test('everything read is published and committed, the lease is free, and the next start reads no rows', async () => {
  const group = await start('shutdown under load')
  const committed = await CommittedSequence.watch(group)
  await delay(2_000)
  const replica = group.replica('a')
  const published = group.newestIn(await group.board.answer())
  const { code, took } = await replica.terminate()
  const owner = await group.board.owner()
  const sequence = await committed.read()
  expect({ code, lease: owner.lease }).toEqual({ code: 0, lease: undefined })
  expect(took).toBeLessThan(limit)
  // Nobody writes any more: what Redis has is what the last process left there.
  const left = group.newestIn(await group.board.answer())
  expect(left).toBeGreaterThanOrEqual(published)
  expect(sequence).toBe(left)
  await committed.close()

  await replica.start()
  await group.settle()
  expect(replica.worker.logs.filter(({ msg, cause }) => msg === 'Reading rows' && cause === 'fill')).toEqual([])
  expect(group.faults).toEqual([])
})

test.runIf(controllable('redis')).each(['redis', 'kafka'] as const)(
  'with %s hanging the process ends by its own deadline, with 1',
  async (name) => {
    const group = await start(`shutdown without ${name}`)
    const server = control(name)
    await server.pause()
    // Long enough for calls to be under way, short enough for the lease to be held.
    await delay(1_000)
    const { code, took } = await group.replica('a').terminate()
    expect(took).toBeLessThan(limit)
    expect(code).toBe(1)
    await server.resume()
    // Nothing was lost: the next process has the board that SQL has.
    await group.replica('a').start()
    await group.settle(30_000)
    expect(group.faults).toEqual([])
  },
)
