import { expect, test } from 'vitest'
import type { Entry } from '../../src/core/board-content.js'
import { verifyBoards } from '../../src/operators/verify-boards.js'
import type { BoardVerdict } from '../../src/operators/verify-ports.js'
import { boardName, VerifyWorld, type WorldOptions } from '../support/verify-world.js'

const limits = { timeout: 30_000, overlap: 10_000 }
const firstSeed = Number(process.env.VERIFY_SEED ?? Math.floor(Math.random() * 1_000_000_000))
const worlds = process.env.VERIFY_SEED === undefined ? 100 : 1

const verdictOf = async (options: WorldOptions): Promise<BoardVerdict> => {
  const [verdict] = await verifyBoards([boardName], new VerifyWorld(options), limits)
  if (verdict === undefined) throw new Error('no verdict')
  return verdict
}

const seeds = Array.from({ length: worlds }, (_, i) => firstSeed + i)

test('a board that follows a table in constant change is never called different or stale', async () => {
  for (const seed of seeds) {
    const { status, differences } = await verdictOf({ seed })
    expect({ seed: `VERIFY_SEED=${seed}`, status, differences }).toMatchObject({ status: 'ok', differences: [] })
  }
}, 60_000)

const without =
  (member: string) =>
  (entries: readonly Entry[]): readonly Entry[] =>
    entries.filter((entry) => entry.member !== member)

const changed =
  (member: string, change: Partial<Entry>) =>
  (entries: readonly Entry[]): readonly Entry[] =>
    entries.map((entry) => (entry.member === member ? { ...entry, ...change } : entry))

const still = { member: '14', score: '1000014', row: '{"id":14,"title":"still 14","score":1000014}' }

test.each<readonly [string, string, (entries: readonly Entry[]) => readonly Entry[]]>([
  ['14', 'missing', without('14')],
  ['99', 'foreign', (entries) => [...entries, { member: '99', score: '5', row: '{}' }]],
  ['14', 'score', changed('14', { score: '7' })],
  ['14', 'title', changed('14', { row: still.row.replace('still', 'other') })],
  // Hot: its score is another one at every look.
  ['1', 'missing', without('1')],
  ['1', 'score', changed('1', { score: '123' })],
  ['1', 'title', (entries) => entries.map((one) => ({ ...one, row: one.row.replace('"t1"', '"wrong"') }))],
])('amid the same changes member %s is found: %s', async (member, what, fault) => {
  for (const seed of seeds.slice(0, 5)) {
    const verdict = await verdictOf({ seed, fault })
    const found = verdict.differences.map((one) => `${one.member} ${one.what}`)
    expect({ seed: `VERIFY_SEED=${seed}`, status: verdict.status, found }).toEqual({
      seed: `VERIFY_SEED=${seed}`,
      status: 'differs',
      found: [`${member} ${what}`],
    })
  }
})

test('a frozen board is stale after the timeout, and what it lacks is told', async () => {
  const verdict = await verdictOf({ seed: firstSeed, frozenAt: 1_400 })
  expect(verdict).toMatchObject({ status: 'stale', state: 'exact' })
  expect(verdict.reason).toMatch(/^not confirmed since .*; its owner is one$/)
  expect(verdict.differences.length).toBeGreaterThan(0)
})

test('where nobody owns the feed, it is stale within seconds', async () => {
  const world = new VerifyWorld({ seed: firstSeed, frozenAt: 1_400, owner: undefined })
  const begun = world.now()
  const [verdict] = await verifyBoards([boardName], world, limits)
  expect(verdict).toMatchObject({ status: 'stale' })
  expect(verdict?.reason).toMatch(/; nobody owns the feed$/)
  expect(world.now() - begun).toBeLessThan(8_000)
})

test('a board that stands still costs one look at the table', async () => {
  const world = new VerifyWorld({ seed: firstSeed, frozenAt: 0 })
  let looks = 0
  const board = [still]
  const table = {
    read: () => {
      looks += 1
      return Promise.resolve(new Map([[boardName, board]]))
    },
  }
  const there = { entries: board, version: 1, status: { state: 'exact', reason: '' }, foreign: false } as const
  const redis = {
    read: () =>
      Promise.resolve({
        now: world.now(),
        owner: 'one',
        boards: new Map([[boardName, { ...there, confirmedAt: world.now() - 500 }]]),
      }),
  }
  const ports = { table, redis, now: world.now, wait: world.wait, random: world.random }
  const [verdict] = await verifyBoards([boardName], ports, limits)
  expect(verdict).toMatchObject({ status: 'ok', looks: 1, moving: 0 })
  expect(looks).toBe(1)
})

test('a board of another definition, and one that is not there, are told as such', async () => {
  const world = new VerifyWorld({ seed: firstSeed })
  const reading = (board: object) => ({
    read: async (names: readonly string[]) => {
      const testimony = await world.redis.read(names)
      return { ...testimony, boards: new Map([...testimony.boards].map(([name, one]) => [name, { ...one, ...board }])) }
    },
  })
  const ports = { table: world.table, now: world.now, wait: world.wait, random: world.random }
  const [foreign] = await verifyBoards([boardName], { ...ports, redis: reading({ foreign: true }) }, limits)
  expect(foreign).toMatchObject({ status: 'stale' })
  expect(foreign?.reason).toContain('another definition')
  const absent = { version: undefined, status: undefined, entries: [], confirmedAt: 0 }
  const [missing] = await verifyBoards([boardName], { ...ports, redis: reading(absent) }, limits)
  expect(missing).toMatchObject({ status: 'not there', differences: [] })
})
