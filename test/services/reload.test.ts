// Boards that change while the process runs and the table does: every answer that claims to be exact is judged by all
// that was ever true of the board as it was defined then, whatever was reloaded meanwhile.

import { execFileSync } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { setTimeout as delay } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { Redis } from 'ioredis'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { type BoardDefinition, ChangingBoards, type Claim, groups, yamlOf } from '../support/changing-boards.js'
import { Interactives } from '../support/interactives.js'
import { seedOf } from '../support/loaded-replicas.js'
import { QueryLog } from '../support/query-log.js'
import { canalTopic, databaseUrl, stack } from '../support/stack.js'
import { until } from '../support/until.js'
import { WorkerProcess } from '../support/worker-process.js'

// A busy machine takes several times what a quiet one does.
vi.setConfig({ testTimeout: 300_000 })

const token = 'a-token-of-the-test-0123'
const main = fileURLToPath(new URL('../../dist/src/main.js', import.meta.url))
const all = ['biz_id', 'biz', 'read_cnt', 'like_cnt'] as const
const likes: BoardDefinition = { size: 10, score: 'like_cnt', columns: all }
/** On a table of its own that nobody changes, in the feed that is reloaded again and again; and in another feed. */
const still: BoardDefinition = { size: 5, score: 'like_cnt', columns: ['biz'] }

const prefix = `reload-${randomUUID().slice(0, 8)}`
let table: Interactives
let quiet: Interactives
let apart: Interactives
let boards: ChangingBoards
let redis: Redis
const workers: WorkerProcess[] = []

const topic = canalTopic('mariadb', 'webook')
const otherTopic = canalTopic('mariadb', 'webook3')
const lineOf = (name: string, definition: BoardDefinition): string =>
  yamlOf(name, { topic, table: `webook.${table.table}` }, definition)

type Defined = Readonly<Record<string, BoardDefinition>>

const yaml = (
  defined: Defined,
  top: { instance?: string; more?: string; brokers?: string; audit?: string } = {},
): string =>
  `kafka: { brokers: "${top.brokers ?? stack.kafka}", group: "${prefix}" }
database: { url: "${databaseUrl('mariadb', 'webook')}", audit: ${top.audit ?? 'off'}, refill: { perMinute: 1000 } }
redis: { url: "${stack.redis}", prefix: "${prefix}" }
http: { port: 0, adminToken: "${token}" }
instance: ${top.instance ?? 'one'}
${top.more ?? ''}
boards:
${yamlOf('still', { topic, table: `webook.${quiet.table}` }, still)}${yamlOf('apart', { topic: otherTopic, table: `webook3.${apart.table}` }, still)}${Object.entries(
  defined,
)
  .map(([name, definition]) => lineOf(name, definition))
  .join('')}`

beforeAll(async () => {
  redis = new Redis(stack.redis, { protocol: 2 })
  table = await Interactives.create('mariadb')
  quiet = await Interactives.create('mariadb')
  apart = await Interactives.create('mariadb', 'webook3')
  boards = await ChangingBoards.create(table, seedOf('reload'))
  const rows = Array.from({ length: 20 }, (_, i) => [i + 1, i, `q${i}`, 0, i] as const)
  for (const one of [quiet, apart]) await one.insert(rows)
  boards.go(60)
})
afterAll(async () => {
  await boards?.pause()
  for (const worker of workers) await worker.stop('SIGKILL')
  const keys = await redis.keys(`${prefix}:*`)
  if (keys.length > 0) await redis.del(keys)
  redis.disconnect()
  for (const one of [table, quiet, apart]) await one?.drop()
})

/** A reader of one board: everything that it was told was exact, and for how long it was told something else. */
class Reader {
  readonly claims: Claim[] = []
  readonly others: { readonly at: number; readonly what: string }[] = []
  readonly #running: Promise<void>
  #open = true

  constructor(worker: WorkerProcess, path: string) {
    this.#running = this.#read(worker, path)
  }

  async stop(): Promise<this> {
    this.#open = false
    await this.#running
    return this
  }

  /** The longest time for which it was told something else, ms: from the last exact answer before to the next one. */
  get gap(): number {
    const at = this.claims.map(({ had }) => had)
    return this.others.reduce((most, { at: told, what }) => {
      // How soon it is confirmed again is a matter of the machine.
      if (what.endsWith('its owner has not confirmed it lately')) return most
      const before = at.findLast((one) => one < told) ?? told
      return Math.max(most, (at.find((one) => one > told) ?? Number.POSITIVE_INFINITY) - before)
    }, 0)
  }

  async #read(worker: WorkerProcess, path: string): Promise<void> {
    while (this.#open) {
      const asked = performance.now()
      const response = await worker.fetch(`/boards/${path}`).catch(() => undefined)
      // The test that read has failed, and the worker is gone.
      if (response === undefined) return
      const body = await response.text()
      const state = response.headers.get('x-board-state')
      const had = performance.now()
      if (response.status === 200 && state === 'exact') this.claims.push({ body, asked, had })
      else this.others.push({ at: had, what: `${response.status} ${state} ${response.headers.get('x-board-reason')}` })
      await delay(4)
    }
  }
}

const start = async (text: string): Promise<WorkerProcess> => {
  const worker = await WorkerProcess.start(text, {}, [], 40_000)
  workers.push(worker)
  return worker
}

const reloadsOf = (worker: WorkerProcess): number =>
  worker.logs.filter(({ msg }) => msg.startsWith('Configuration ')).length

const post = async (worker: WorkerProcess, given = token): Promise<{ status: number; msg: string; data: unknown }> => {
  const response = await worker.fetch('/admin/reload', {
    method: 'POST',
    headers: { authorization: `Bearer ${given}` },
    signal: AbortSignal.timeout(30_000),
  })
  return { status: response.status, ...((await response.json()) as { msg: string; data: unknown }) }
}

const hangUp = async (worker: WorkerProcess): Promise<void> => {
  const before = reloadsOf(worker)
  worker.signal('SIGHUP')
  await until('it has reloaded', () => reloadsOf(worker) > before, 40_000)
}

const pathOf = (name: string, group?: string): string => (group === undefined ? name : `${name}?per=${group}`)

/** Every board says that it is exact, and is. */
const settled = async (worker: WorkerProcess, defined: Defined): Promise<void> => {
  await boards.pause()
  for (const name of ['still', 'apart'])
    await until(`${name} is exact`, async () => (await worker.board(name)).state === 'exact', 40_000)
  for (const [name, definition] of Object.entries(defined))
    for (const group of definition.per === true ? groups : [undefined])
      await until(
        `${pathOf(name, group)} is exact`,
        async () => {
          const { state, body } = await worker.board(name, group === undefined ? '' : `?per=${group}`)
          return state === 'exact' && body === boards.bodyOf(definition, group)
        },
        40_000,
      )
  boards.go(60)
}

/** Reloads while everything is read, and judges what was exact before and after. `ask` resolves when it has reloaded. */
const change = async (
  worker: WorkerProcess,
  was: Defined,
  is: Defined,
  ask: (worker: WorkerProcess) => Promise<unknown>,
): Promise<void> => {
  const names = [...new Set([...Object.keys(was), ...Object.keys(is)])]
  const readers = names.flatMap((name) => {
    const kinds = [was[name], is[name]].flatMap((one) => (one === undefined ? [] : [one.per === true]))
    const asked = [...(kinds.includes(false) ? [undefined] : []), ...(kinds.includes(true) ? groups : [])]
    return asked.map((group) => ({ name, group, reader: new Reader(worker, pathOf(name, group)) }))
  })
  /** A split board has nothing to say as a whole, and another one nothing of groups. */
  const fitting = (definition: BoardDefinition | undefined, group: string | undefined): BoardDefinition | undefined =>
    (definition?.per === true) === (group !== undefined) ? definition : undefined
  const calm = new Reader(worker, 'still')
  await delay(300)
  await worker.configure(yaml(is))
  const asked = performance.now()
  await ask(worker)
  const done = performance.now()
  // What is new and being filled is nobody's reason to send readers elsewhere.
  expect(await worker.ready()).toBe(true)
  await delay(400)
  await settled(worker, is)
  await delay(100)
  const { gap, others } = await calm.stop()
  gaps.push(gap)
  expect(gap, JSON.stringify(others)).toBeLessThan(3_000)
  for (const { name, group, reader } of readers) {
    const { claims } = await reader.stop()
    const [before, after] = [fitting(was[name], group), fitting(is[name], group)]
    const old = claims.filter((claim) => claim.had < asked)
    const late = claims.filter((claim) => claim.asked > done)
    const between = claims.filter((claim) => !old.includes(claim) && !late.includes(claim))
    const told = `${name} ${group ?? ''}: ${claims.length} exact, ${reader.others.map(({ what }) => what).join(', ')}`
    if (before === undefined) expect(old, told).toEqual([])
    else expect(boards.fault(old, before, group), told).toBeUndefined()
    if (after === undefined) expect(late, told).toEqual([])
    else {
      expect(late.length, told).toBeGreaterThan(0)
      expect(boards.fault(late, after, group), told).toBeUndefined()
    }
    for (const claim of between)
      expect(
        [before, after].some((one) => one !== undefined && boards.fault([claim], one, group) === undefined),
        `${name} in between: ${claim.body}`,
      ).toBe(true)
  }
}

const gaps: number[] = []

const epochOf = async (board: string): Promise<string | null> => redis.hget(`${prefix}:{${board}}:meta`, 'epoch')

test('every change while rows change, and nothing asked of the table of a board that stays', async () => {
  let defined: Defined = { likes }
  const worker = await start(yaml(defined))
  await until(
    'all are exact',
    async () => {
      for (const name of ['still', 'apart', 'likes']) if ((await worker.board(name)).state !== 'exact') return false
      return true
    },
    60_000,
  )
  await settled(worker, defined)
  const untouched = await epochOf('apart')
  const log = await QueryLog.start('mariadb')
  try {
    const steps: readonly (readonly [Defined, (one: WorkerProcess) => Promise<unknown>])[] = [
      [{ likes: { ...likes, size: 20 } }, hangUp],
      [{ likes: { ...likes, size: 4 } }, post],
      [{ likes: { ...likes, only: 'b1' } }, hangUp],
      [{ likes: { ...likes, score: 'read_cnt' } }, post],
      [{ likes: { ...likes, score: 'read_cnt', columns: ['biz'] }, more: likes }, hangUp],
      [{ likes, renamed: likes, split: { ...likes, per: true } }, post],
      [{ likes, split: { ...likes, per: true, size: 3 } }, hangUp],
      [{ likes: { ...likes, per: true } }, post],
      [{ likes }, hangUp],
    ]
    for (const [next, ask] of steps) {
      await change(worker, defined, next, ask)
      defined = next
    }
    expect(await log.reads(quiet.table, [])).toEqual([])
  } finally {
    await log.stop()
  }
  expect(await epochOf('apart')).toBe(untouched)
  // Nothing is left of what was removed, nor of the boards that one was split into.
  const kept = ['{still}', '{apart}', '{likes}', `{feed:${topic}}`, `{feed:${otherTopic}}`]
  const strays = (await redis.keys(`${prefix}:*`)).filter(
    (key) => !kept.some((one) => key.startsWith(`${prefix}:${one}`)),
  )
  expect(strays).toEqual([])
  expect((await worker.board('renamed')).status).toBe(404)
  console.info(
    `changes ${boards.changes}; longest time for which the board that stays said something else than exact, ms: ${gaps.map(Math.round).join(', ')}`,
  )
})

test('what cannot be done is refused as a whole, with the reason; a storm of reloads ends right', async () => {
  const worker = workers[0]
  if (worker === undefined) throw new Error('the test before has started none')
  const before = [await epochOf('likes'), await epochOf('still')]
  const metric = async (outcome: string): Promise<number> => {
    const text = await (await worker.fetch('/metrics')).text()
    return Number(new RegExp(`ranktide_reload_total\\{outcome="${outcome}"\\} (\\d+)`).exec(text)?.[1] ?? 0)
  }
  await worker.configure(yaml({ likes: { ...likes, size: 0 } }).replace('score: like_cnt', 'scoer: like_cnt'))
  const invalid = await post(worker)
  let check = ''
  try {
    execFileSync(process.execPath, [main, 'config', 'check', '--config', worker.file], { stdio: 'pipe' })
  } catch (error) {
    check = String((error as { stderr: Buffer }).stderr)
  }
  expect(invalid.status).toBe(422)
  expect(check).toContain('scoer')
  expect(`${invalid.msg}\n`).toBe(check)
  await hangUp(worker)
  expect(worker.logs.findLast(({ msg }) => msg.startsWith('Configuration not'))?.detail).toBe(invalid.msg)
  expect(await metric('invalid')).toBe(2)

  await worker.configure(yaml({ likes: { ...likes, size: 7 } }, { brokers: 'localhost:1', instance: 'other' }))
  expect(await post(worker)).toMatchObject({ status: 409, msg: expect.stringContaining('kafka.brokers, instance') })
  await worker.configure(
    yaml({ likes, gone: { ...likes, columns: ['biz'] } }).replace('columns: [biz] }', 'columns: [nothing] }'),
  )
  expect(await post(worker)).toMatchObject({ status: 422, msg: expect.stringContaining('nothing') })
  expect((await worker.board('gone')).status).toBe(404)
  expect(await post(worker, 'a-token-of-the-test-0124')).toMatchObject({ status: 401, data: null })
  expect((await worker.fetch('/admin/reload', { method: 'POST' })).status).toBe(401)
  expect([await epochOf('likes'), await epochOf('still')]).toEqual(before)
  await settled(worker, { likes })

  const readers = new Reader(worker, 'likes')
  const sizes = [3, 10, 6, 15, 2, 9, 12, 4, 8, 11]
  const answers: Promise<unknown>[] = []
  for (const size of sizes) {
    await worker.configure(yaml({ likes: { ...likes, size }, [`b${size}`]: likes }))
    if (size % 2 === 0) answers.push(post(worker))
    else worker.signal('SIGHUP')
    await delay(30)
  }
  await Promise.all(answers)
  await hangUp(worker)
  await settled(worker, { likes: { ...likes, size: 11 }, b11: likes })
  const { claims } = await readers.stop()
  for (const claim of claims)
    expect(
      sizes.concat(10).some((size) => boards.fault([claim], { ...likes, size }) === undefined),
      claim.body,
    ).toBe(true)
  const left = (await redis.keys(`${prefix}:*`)).filter((key) => /\{b\d+\}/.test(key) && !key.includes('{b11}'))
  expect(left).toEqual([])
})

test('killed in the middle of a reload, and replicas that are reloaded one after the other', async () => {
  const [first] = workers.splice(0, 1)
  if (first === undefined) throw new Error('the test before has started none')
  for (const wait of [0, 40]) {
    const left = { likes: { ...likes, size: 6, only: 'b2' }, [`k${wait}`]: likes }
    await first.configure(yaml(left))
    if (wait === 0) {
      await hangUp(first)
      // From then on whoever comes next knows of it.
      await until(
        'it is confirmed',
        async () => (await redis.get(`${prefix}:{feed:${topic}}:heartbeat`))?.includes('"k0"') === true,
        40_000,
      )
    } else {
      first.signal('SIGHUP')
      await delay(wait)
    }
  }
  await first.stop('SIGKILL')
  const after: Defined = { likes: { ...likes, size: 12 } }
  const one = await start(yaml(after))
  await settled(one, after)
  expect((await redis.keys(`${prefix}:*`)).filter((key) => /\{[kb]\d+\}/.test(key))).toEqual([])

  const two = await start(yaml(after, { instance: 'two' }))
  await settled(two, after)
  // The standby first: what its owner keeps is not what it was told to serve, and it says so.
  const next: Defined = { likes: { ...likes, size: 9, score: 'read_cnt' } }
  const reader = new Reader(two, 'likes')
  await delay(100)
  await two.configure(yaml(next, { instance: 'two' }))
  const asked = performance.now()
  await hangUp(two)
  const done = performance.now()
  const between = await two.board('likes')
  expect(between).toMatchObject({ state: 'stale', reason: 'kept under another configuration' })
  expect((await one.board('likes')).state).toBe('exact')
  await one.configure(yaml(next))
  await hangUp(one)
  await settled(two, next)
  await settled(one, next)
  const { claims } = await reader.stop()
  expect(
    boards.fault(
      claims.filter(({ had }) => had < asked),
      after.likes ?? likes,
    ),
  ).toBeUndefined()
  expect(
    boards.fault(
      claims.filter((claim) => claim.asked > done),
      next.likes ?? likes,
    ),
  ).toBeUndefined()
})
