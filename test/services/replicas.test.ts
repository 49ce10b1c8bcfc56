// Two replicas on one table under load: whatever happens to one of them, readers of the other, and of Redis, are told
// only boards that were true, and never old ones.
import { setTimeout as delay } from 'node:timers/promises'
import { afterEach, expect, test } from 'vitest'
import { BoardWrites } from '../support/board-writes.js'
import { CommittedSequence } from '../support/committed-sequence.js'
import { Draws } from '../support/draws.js'
import { LoadedReplicas, seedOf } from '../support/loaded-replicas.js'
import type { Replica } from '../support/replica.js'
import { until } from '../support/until.js'

const leaseLife = 3_000
/** How far a board may be behind, ms. */
const lagLimit = 5_000
const kills = Number(process.env.RANKTIDE_KILLS ?? 20)
const rollouts = Number(process.env.RANKTIDE_ROLLOUTS ?? 10)

let loaded: LoadedReplicas | undefined
let writes: BoardWrites | undefined

const start = async (seed: number, mayBeStale = false): Promise<{ group: LoadedReplicas; wrote: BoardWrites }> => {
  const group = await LoadedReplicas.start({ seed, rules: { lagLimit, mayBeStale }, names: ['a', 'b'] })
  loaded = group
  writes = await BoardWrites.watch(group.board)
  return { group, wrote: writes }
}

afterEach(async ({ task }) => {
  writes?.stop()
  await loaded?.end(task)
  loaded = undefined
  writes = undefined
})

/** What holds whatever happened: who was followed by another never wrote again, and no version came twice. */
const expectOneWriterAtATime = ({ turns, versions }: BoardWrites): void => {
  expect(turns).toEqual([...new Set(turns)])
  expect(versions.filter((version, i) => version <= (versions[i - 1] ?? 0))).toEqual([])
}

test(`the owner is killed at random moments, ${kills} times`, { timeout: 60_000 + 15_000 * kills }, async () => {
  const seed = seedOf('kills')
  const { group, wrote } = await start(seed)
  const draws = new Draws()
  draws.seed(seed)
  for (let kill = 1; kill <= kills; kill += 1) {
    await delay(draws.below(2_000))
    const { owner } = await group.roles()
    const { epoch } = await group.board.owner()
    const killed = performance.now()
    await owner.kill()
    // By turns: the standby takes over when the lease ends, or the same instance is back before that.
    const back = kill % 2 === 0 ? owner.start() : undefined
    await until(
      'another process owns the board',
      async () => (await group.board.owner()).epoch > epoch,
      leaseLife + 1_000,
    )
    const after = Math.round(performance.now() - killed)
    await (back ?? owner.start())
    await until('both are ready', () => group.ready())
    await group.caughtUp(lagLimit)
    const next = (await group.board.owner()).owner
    console.info(`kill ${kill}: ${owner.name} was followed by ${next} after ${after} ms`)
    expect(group.faults).toEqual([])
  }
  await group.settle()
  expect(group.faults).toEqual([])
  expectOneWriterAtATime(wrote)
})

/** Stops one replica as a rollout does, and starts it again; nothing is lost, nothing old is told meanwhile. */
const replace = async (group: LoadedReplicas, replica: Replica, committed: CommittedSequence): Promise<string> => {
  const owned = (await group.board.owner()).lease === replica.name
  const published = group.newestIn(await group.board.answer())
  const { code, took } = await replica.terminate()
  const exited = performance.now()
  expect(code).toBe(0)
  expect(took).toBeLessThan(10_000)
  const taken = async (): Promise<boolean> => {
    const { lease, owner } = await group.board.owner()
    return lease !== undefined && lease === owner && lease !== replica.name
  }
  await until(`${replica.name} is followed`, taken, 1_000)
  const followed = Math.round(performance.now() - exited)
  // All that was published before the signal is committed, and nothing that is not in Redis.
  const sequence = await committed.read()
  if (owned) expect(sequence).toBeGreaterThanOrEqual(published)
  expect(group.newestIn(await group.board.answer())).toBeGreaterThanOrEqual(sequence)
  await replica.start()
  expect(await group.ready()).toBe(true)
  expect(group.faults).toEqual([])
  return `${replica.name}${owned ? ', owner,' : ''} ended in ${Math.round(took)} ms, followed ${followed} ms later`
}

test(`${rollouts} rolling restarts`, { timeout: 60_000 + 30_000 * rollouts }, async () => {
  const seed = seedOf('rolling restarts')
  const { group, wrote } = await start(seed)
  const committed = await CommittedSequence.watch(group)
  // What was published before the watch began can't be told from what is committed.
  await until('something of what is watched is committed', async () => (await committed.read()) >= 0, 20_000)
  const draws = new Draws()
  draws.seed(seed)
  for (let rollout = 1; rollout <= rollouts; rollout += 1)
    for (const replica of group.replicas) {
      // One that is replaced as soon as the other is back, and one that has had time to settle.
      await delay(draws.below(2) * 1_500)
      console.info(`rollout ${rollout}: ${await replace(group, replica, committed)}`)
    }
  await committed.close()
  await group.settle()
  expect(group.faults).toEqual([])
  expectOneWriterAtATime(wrote)
})

test('an owner that stood still beyond its lease is fenced out, and goes on as a standby', async () => {
  const { group, wrote } = await start(seedOf('paused owner'), true)
  const { owner, standby } = await group.roles()
  const { epoch } = await group.board.owner()
  await until('the owner writes', () => wrote.writes.length > 0)
  owner.pause()
  await until(
    'the standby owns the board',
    async () => (await group.board.owner()).owner === standby.name,
    leaseLife + 1_000,
  )
  await group.caughtUp(lagLimit)
  await delay(1_500)
  const before = await group.board.owner()
  expect(before.epoch).toBeGreaterThan(epoch)
  owner.resume()
  await until('the old owner stands by', () => !owner.worker.owns)
  await until('both are ready', () => group.ready())
  await group.caughtUp(lagLimit)
  const after = await group.board.owner()
  expect(after).toMatchObject({ lease: standby.name, owner: standby.name, epoch: before.epoch })
  expect(wrote.turns.map((id) => id?.split(':')[0])).toEqual([owner.name, standby.name])
  await group.settle()
  expect(group.faults).toEqual([])
  expectOneWriterAtATime(wrote)
})

test('a lease that Redis has forgotten changes hands, and the owner that does not know yet writes nothing more', async () => {
  const { group, wrote } = await start(seedOf('forgotten lease'))
  for (let round = 1, handed = 0; handed < 3; round += 1) {
    if (round > 12) throw new Error('the lease never changed hands')
    const { owner } = await group.roles()
    await group.board.redis.del(group.board.lease)
    await until('somebody has the lease', async () => (await group.board.owner()).lease !== undefined, leaseLife)
    if ((await group.roles()).owner !== owner) handed += 1
    await group.caughtUp(lagLimit)
    await delay(1_200)
    const { lease, owner: writer } = await group.board.owner()
    expect(writer).toBe(lease)
  }
  await group.settle()
  expect(group.faults).toEqual([])
  expectOneWriterAtATime(wrote)
})
