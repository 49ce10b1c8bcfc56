import { expect, test } from 'vitest'
import type { BoardCheck, VerifyResult, VerifyWish } from '../../src/operate/verify-result.js'
import { programRun } from '../support/program-run.js'

const verify = programRun('verify')

const check = (more: Partial<BoardCheck> = {}): BoardCheck => ({
  board: 'likes',
  per: null,
  status: 'ok',
  state: 'exact',
  reason: '',
  version: 7,
  confirmedAt: '2026-11-21T08:00:00Z',
  members: 10,
  digest: { redis: 'a'.repeat(64), table: 'a'.repeat(64) },
  differences: [],
  moving: 0,
  looks: 1,
  ...more,
})

const resultOf = (boards: readonly BoardCheck[], heals: VerifyResult['heals'] = []): VerifyResult => ({
  ok: boards.every(({ status }) => status === 'ok'),
  boards,
  heals,
})

const run = async (result: VerifyResult, ...words: readonly string[]) => {
  const wishes: VerifyWish[] = []
  const printed = await verify(words, {
    verify: (_config, wish) => {
      wishes.push(wish)
      return Promise.resolve(result)
    },
  })
  return { ...printed, wish: wishes[0] }
}

test('all equal: one line a board, exit 0; all boards by default', async () => {
  const { code, out, wish } = await run(resultOf([check()]))
  expect(code).toBe(0)
  expect(out.split('\n')[0]).toMatch(/^board +status +state +members +differences +digest$/)
  expect(out.split('\n')[1]).toMatch(/^likes +ok +exact +10 +0 +a{12}$/)
  expect(wish).toEqual({ boards: [], per: undefined, timeoutMs: 30_000, heal: false })
})

test('words', async () => {
  const { wish } = await run(
    resultOf([check()]),
    ...['--board', 'likes', '--board', 'reads', '--per', 'et', '--timeout', '5s', '--heal'],
  )
  expect(wish).toEqual({ boards: ['likes', 'reads'], per: 'et', timeoutMs: 5_000, heal: true })
})

test.each([
  ['--timeout', '10ms'],
  ['--timeout', 'soon'],
  ['--boards', 'likes'],
])('refused with exit 2: %s %s', async (...words) => {
  const { code, wish } = await run(resultOf([check()]), ...words)
  expect(code).toBe(2)
  expect(wish).toBeUndefined()
})

test('differences as a table, both digests, exit 1', async () => {
  const differences = [
    { member: '78', what: 'score', redis: '450', table: '451' },
    { member: '9', what: 'missing', redis: null, table: `{"id":9,"title":"${'长'.repeat(80)}"}` },
  ]
  const digest = { redis: 'a'.repeat(64), table: 'b'.repeat(64) }
  const { code, out } = await run(resultOf([check({ status: 'differs', differences, digest, moving: 3 })]))
  expect(code).toBe(1)
  expect(out).toMatch(/^likes +differs +exact +10 +2 +a{12} \/ b{12}$/m)
  expect(out).toMatch(/^member +what +in Redis +in the table$/m)
  expect(out).toMatch(/^ *78 +score +450 +451$/m)
  expect(out).toMatch(/^ *9 +missing +- +\{"id":9,"title":"长+…$/m)
  expect(out).toContain('likes: 3 values moved at every look')
})

test('a stale board says since when; a heal says what came of it', async () => {
  const stale = check({ status: 'stale', reason: 'not confirmed since 2026-11-21T08:00:00Z; nobody owns the feed' })
  const heal = { feed: 't', boards: ['likes'], outcome: 'no owner', detail: 'start `ranktide run`' } as const
  const { code, out } = await run(resultOf([stale], [heal]), '--heal')
  expect(code).toBe(1)
  expect(out).toContain('likes is stale: not confirmed since 2026-11-21T08:00:00Z; nobody owns the feed\n')
  expect(out).toContain('heal of likes: no owner: start `ranktide run`\n')
})

test('the groups of a split board are one line, but for those that are not ok', async () => {
  const groups = Array.from({ length: 200 }, (_, i) => check({ board: 'split', per: `g${i}`, members: 2 }))
  const wrong = Array.from({ length: 60 }, (_, i) =>
    check({ board: 'split', per: `w${i}`, status: 'not there', state: null, members: 0, reason: 'no such board' }),
  )
  const { code, out } = await run(resultOf([check(), ...groups, ...wrong]))
  expect(code).toBe(1)
  expect(out).not.toContain('per g0')
  expect(out).toMatch(/^split per w49 +not there/m)
  expect(out).not.toMatch(/^split per w50 /m)
  expect(out).toMatch(/^split, all 260 groups +60 not ok +400$/m)
  expect(out).toContain('10 more that are not ok: --json lists them all')
})

test('--json prints the result as it is', async () => {
  const result = resultOf([check({ status: 'not there', state: null, version: null, confirmedAt: null })])
  const { code, out } = await run(result, '--json')
  expect(code).toBe(1)
  expect(JSON.parse(out)).toEqual(result)
})
