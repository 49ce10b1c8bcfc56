// What a feed's owner deletes of boards that are not kept any more, and what it leaves.
import { expect, test } from 'vitest'
import type { BoardSpec } from '../../src/core/board-spec.js'
import type { RanktideError } from '../../src/core/errors.js'
import type { RedisBoardStore } from '../../src/redis/board-store.js'
import type { GoneBoard } from '../../src/runtime/reload-plan.js'
import { type GoneBoards, sweepBoards } from '../../src/worker/sweep-boards.js'

const goneOf = (name: string, more: Partial<GoneBoard> = {}): GoneBoard => ({
  name,
  zset: undefined,
  groups: false,
  whole: true,
  zsetStays: false,
  ...more,
})

const sweepWith = async (setting: {
  readonly told?: readonly GoneBoard[]
  /** Of the heartbeat. */
  readonly versions?: Readonly<Record<string, number>>
  readonly specs?: readonly Partial<BoardSpec>[]
  readonly elsewhere?: readonly string[]
  readonly groups?: readonly string[]
  readonly fenced?: string
  readonly lostAfter?: number
  /** Of a configured board, by names of their own. */
  readonly zsets?: readonly string[]
  /** What a board in Redis says to be of. */
  readonly positions?: Readonly<Record<string, readonly (readonly [string, number])[]>>
}) => {
  const calls: string[] = []
  const storeWith = (zsets: ReadonlyMap<string, string>): RedisBoardStore => {
    const called = (what: string, board: string) =>
      calls.push(`${what} ${board}${zsets.has(board) ? ` ${zsets.get(board)}` : ''}`)
    const taken = (board: string) => {
      called('take', board)
      return { epoch: 7, version: 3, entries: [], meta: undefined }
    }
    const store: Partial<RedisBoardStore> = {
      confirmed: async () => ({ positions: new Map(), versions: new Map(Object.entries(setting.versions ?? {})) }),
      zsetOf: (board) => zsets.get(board) ?? `p:{${board}}`,
      positionsOf: async (board) => new Map(setting.positions?.[board] ?? []),
      take: async (board) => taken(board),
      takeAll: async (boards) => boards.map(taken),
      registered: async () => ({
        groups: new Map((setting.groups ?? []).map((value) => [value, undefined])),
        vouched: 0,
        removedAt: new Map(),
      }),
      forget: async (board, epoch, base) => {
        called(`forget ${epoch}/${base}`, board)
        return { kind: board === setting.fenced ? 'fenced' : 'forgotten' }
      },
      unregister: async ({ board }, values) => {
        called(`unregister ${values.join()}`, board)
        return true
      },
    }
    return store as RedisBoardStore
  }
  const gone: GoneBoards = { boards: setting.told ?? [] }
  const specs = (setting.specs ?? []) as readonly BoardSpec[]
  const names = new Set([...specs.map(({ name }) => name), ...(setting.elsewhere ?? [])])
  let asked = 0
  const stillOurs = () => {
    asked += 1
    if (asked > (setting.lostAfter ?? Number.POSITIVE_INFINITY)) throw new Error('lost')
  }
  const served = {
    specs,
    former: [],
    topics: ['t'],
    reader: { read: () => undefined },
    groups: new Map(),
    owned: undefined,
  }
  const log = { info: () => {} } as never
  const options = {
    name: 'f',
    served,
    store: storeWith(new Map()),
    storeWith,
    gone,
    log,
    hasBoard: (name: string) => names.has(name),
    hasZset: (key: string) => setting.zsets?.includes(key) === true,
  }
  let error: unknown
  await sweepBoards(options, stillOurs).catch((raw: unknown) => {
    error = raw
  })
  return { calls, left: gone.boards, error: error as RanktideError | undefined }
}

test('what a reload removed goes: the board alone, or with all that it was split into', async () => {
  expect(await sweepWith({ told: [goneOf('x')] })).toEqual({
    calls: ['take x', 'forget 7/3 x'],
    left: [],
    error: undefined,
  })
  const { calls } = await sweepWith({ told: [goneOf('s', { groups: true })], groups: ['a', 'b'] })
  expect(calls).toEqual([
    'take s',
    'take s/a',
    'take s/b',
    'forget 7/3 s/a',
    'forget 7/3 s/b',
    'unregister a,b s',
    'forget 7/3 s',
  ])
})

test('a board that is not split any more keeps its own keys', async () => {
  const { calls } = await sweepWith({ told: [goneOf('s', { groups: true, whole: false })], groups: ['a'] })
  expect(calls).toEqual(['take s', 'take s/a', 'forget 7/3 s/a', 'unregister a s'])
})

test('a set by another name goes by that name, and stays where another board has it', async () => {
  expect((await sweepWith({ told: [goneOf('x', { zset: 'hot' })] })).calls).toEqual(['take x hot', 'forget 7/3 x hot'])
  const { calls } = await sweepWith({ told: [goneOf('x', { zset: 'hot', zsetStays: true })] })
  expect(calls).toEqual(['take x {hot}:none', 'forget 7/3 x {hot}:none'])
})

test('what the last owner kept and nobody told of goes too, but nothing that is configured', async () => {
  const versions = {
    x: 1,
    'x:groups': 2,
    kept: 3,
    moved: 4,
    single: 5,
    'single:groups': 6,
    split: 7,
    'split:groups': 8,
  }
  const specs = [{ name: 'kept' }, { name: 'single' }, { name: 'split', per: 1 }]
  const { calls } = await sweepWith({ versions, specs, elsewhere: ['moved'] })
  expect(calls).toEqual(['take x', 'forget 7/3 x', 'take single'])
})

test('a set by the usual name stays where another board is told to use it', async () => {
  const { calls } = await sweepWith({ told: [goneOf('x')], versions: { y: 1 }, zsets: ['p:{x}', 'p:{y}'] })
  expect(calls).toEqual(['take x {x}:none', 'forget 7/3 x {x}:none', 'take y {y}:none', 'forget 7/3 y {y}:none'])
})

test('a board that another feed keeps by now is left alone: whoever shares the prefix may have it', async () => {
  const positions = { x: [['other/0', 5]], y: [['t/0', 5]] } as const
  const { calls } = await sweepWith({ versions: { x: 1, y: 2 }, positions })
  expect(calls).toEqual(['take y', 'forget 7/3 y'])
})

test('another owner ends it, and what was not done is done by the next run', async () => {
  const told = [goneOf('x'), goneOf('y')]
  const fenced = await sweepWith({ told, fenced: 'x' })
  expect([fenced.error?.code, fenced.left]).toEqual(['LEASE_LOST', told])
  const lost = await sweepWith({ told, lostAfter: 1 })
  expect(lost).toMatchObject({ calls: ['take x', 'forget 7/3 x'], left: told })
})
