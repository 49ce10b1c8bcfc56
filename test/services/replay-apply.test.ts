// `ranktide replay --apply` and `--into` as an operator types them, on a real table with real workers: what a replay swaps
// in is gone on from, and nobody is ever told that it is exact where it is not.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { command, type Ended } from '../support/command.js'
import { acceptanceRows, Interactives } from '../support/interactives.js'
import { RedisBoard } from '../support/redis-board.js'
import { RedisServer } from '../support/redis-server.js'
import { RedisWrites } from '../support/redis-writes.js'
import { canalTopic, stack } from '../support/stack.js'
import { until } from '../support/until.js'
import { WorkerProcess } from '../support/worker-process.js'

const main = fileURLToPath(new URL('../../dist/src/main.js', import.meta.url))

// A Redis of its own: what others send to a shared one would be told by MONITOR, too.
let redis: RedisServer
const shared = process.env.RANKTIDE_TEST_REDIS
let table: Interactives
let board: RedisBoard
let worker: WorkerProcess
let prefix = ''
let yaml = ''
let partition = ''
/** Before the table's TRUNCATE: a range from here tells all of its rows. */
let from = ''
/** The table as of `early`: its first rows, and nothing of what came later. */
let early = 0
let earlyBody = ''

beforeAll(async () => {
  redis = await RedisServer.start()
  process.env.RANKTIDE_TEST_REDIS = redis.url
  from = new Date(Date.now() - 5_000).toISOString()
  table = await Interactives.create('mariadb')
  await table.sql(`TRUNCATE ${table.table}`)
  await table.insert(acceptanceRows)
  prefix = `apply-${table.table}`
  yaml = table.yaml({ prefix, instance: 'pod-1' })
  const topic = canalTopic('mariadb', 'webook')
  partition = `${topic}/0`
  board = new RedisBoard(prefix, topic)
  await until('Redis', () => board.redis.status === 'ready')
})
afterAll(async () => {
  await worker?.stop('SIGKILL')
  board?.close()
  await redis?.down()
  if (shared !== undefined) process.env.RANKTIDE_TEST_REDIS = shared
  await table?.drop()
})

const replay = (...words: readonly string[]): Promise<Ended> =>
  command(['replay', '--board', 'likes', '--from', from, ...words], yaml)

/** What HTTP and the keys say; a claim to be exact that is not the table's is kept. */
const faults: string[] = []
const look = async (expected: string): Promise<boolean> => {
  const answers = await Promise.all([worker.board('likes'), board.answer()])
  for (const { state, body } of answers) if (state === 'exact' && body !== expected) faults.push(body.slice(0, 120))
  return answers.every(({ state, body }) => state === 'exact' && body === expected)
}
/** The table stands still meanwhile. */
const exactAgain = async (): Promise<void> => {
  faults.length = 0
  const expected = await table.expectedBody()
  await until('the board is the table’s again', () => look(expected), 40_000)
  expect(faults).toEqual([])
}
/** After a change of the table: what was true before it may be told for a moment. */
const caughtUp = async (): Promise<void> => {
  const expected = await table.expectedBody()
  await until('the board has come up to the table', () => look(expected), 40_000)
}
const reached = async (): Promise<number> => (await board.confirmed())[partition] ?? 0
/** Confirmed as of now: everything that was committed is in it. */
const confirmedNow = async (): Promise<number> => {
  const before = await reached()
  await until('a later confirmation', async () => (await reached()) > before, 20_000)
  return reached()
}
const start = async (): Promise<void> => {
  worker = await WorkerProcess.start(yaml)
}

test('a board is swapped in beside no worker, and a worker goes on from there', { timeout: 120_000 }, async () => {
  await start()
  await exactAgain()
  early = await confirmedNow()
  earlyBody = await table.expectedBody()
  await table.sql(`UPDATE ${table.table} SET like_cnt = 700 WHERE id = 58`)
  await table.sql(`DELETE FROM ${table.table} WHERE id = 78`)
  await caughtUp()
  await worker.stop()
  await table.sql(`UPDATE ${table.table} SET like_cnt = 500 WHERE id = 12`)
  await table.sql(`DELETE FROM ${table.table} WHERE id = 20`)
  const expected = await table.expectedBody()
  // By an event a line, the deletion comes last: the board that is replayed then is the table's.
  const sent = async () => !(await replay('--json')).out.includes('"leave":[]')
  await until('Canal to have sent it', sent, 30_000)

  const first = await replay('--apply')
  expect(first).toMatchObject({ code: 0 })
  expect(first.out).toMatch(/swapped in as version \d+: 1 left, 1 entered, 0 changed\. A worker that starts now/)
  expect(await board.answer()).toMatchObject({ state: 'stale', reason: 'replayed', body: expected })

  const writes = await RedisWrites.start(stack.redis, prefix)
  // The topic is others' too, and goes on.
  const [, end = ''] = /offsets: \S+ \d+ to (\d+)/.exec(first.out) ?? []
  const again = await replay('--apply', '--to', end)
  expect(again).toMatchObject({ code: 0 })
  expect(again.out).toContain('nothing was sent')
  expect(await writes.all()).toEqual([])
  writes.stop()

  await start()
  await exactAgain()
  expect(worker.logs.find(({ msg }) => msg === 'Starting the feed')).toMatchObject({ start: 'warm' })
})

test('a running owner is left alone, unless forced; then it finds out and puts the board right', async () => {
  const { version } = await board.owner()
  const refused = await replay('--apply')
  expect(refused.code).toBe(1)
  expect(refused.error).toMatch(/FEED_OWNED: .*pod-1 holds the lease for another \d+ ms/)
  const back = await replay('--apply', '--to', String(early))
  expect(back).toMatchObject({ code: 1 })
  expect((await board.owner()).version).toBe(version)

  const forced = await replay('--apply', '--force', '--to', String(early))
  expect(forced).toMatchObject({ code: 0 })
  expect(forced.out).toContain('pod-1 is fenced')
  await exactAgain()
  expect((await board.owner()).owner).toBe('pod-1')
  expect(worker.logs.some(({ code }) => code === 'LEASE_LOST')).toBe(true)
})

test('replays that are killed at any moment leave a whole board, which its owner puts right', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'ranktide-apply-'))
  const file = join(directory, 'ranktide.yaml')
  await writeFile(file, yaml)
  const now = (await board.answer()).body
  const words = ['replay', '-c', file, '--board', 'likes', '--from', from, '--to', String(early), '--apply', '--force']
  try {
    for (let kill = 0; kill < 6; kill += 1) {
      const child = spawn(process.execPath, [main, ...words], { stdio: 'ignore' })
      const ended = once(child, 'exit')
      await delay(300 + kill * 250)
      child.kill('SIGKILL')
      await ended
      expect([now, earlyBody]).toContain((await board.answer()).body)
    }
  } finally {
    await rm(directory, { recursive: true, force: true })
  }
  await exactAgain()
})

test('a board is turned back only when forced; a worker that starts from it shows nothing of the past as exact', async () => {
  await worker.stop()
  const refused = await replay('--apply', '--to', String(early))
  expect(refused.code).toBe(1)
  expect(refused.error).toContain(`REPLAY_REFUSED`)
  expect(refused.error).toMatch(/would turn the board back .* at \d+, Redis has it as of \d+.*--force/)
  expect(await replay('--apply', '--force', '--to', String(early))).toMatchObject({ code: 0 })
  expect(await board.answer()).toMatchObject({ state: 'stale', reason: 'replayed', body: earlyBody })
  await start()
  await exactAgain()
})

test('a shadow board stands beside the live one', async () => {
  const key = `${prefix}:{likes}:early`
  const live = await board.answer()
  const written = await replay('--into', key, '--to', String(early))
  expect(written).toMatchObject({ code: 0 })
  expect(written.out).toContain(`redis-cli ZREVRANGE '${key}' 0 9 WITHSCORES`)
  const best = JSON.parse(earlyBody) as { readonly data: readonly { readonly id: number }[] }
  expect(await board.redis.zrevrange(key, 0, -1)).toEqual(best.data.map(({ id }) => String(id)))
  expect((await board.answer()).body).toBe(live.body)
  const wrong = await replay('--into', board.zset)
  expect(wrong).toMatchObject({ code: 2 })
  expect(wrong.error).toContain('is a key of the board likes; --apply swaps')
})
