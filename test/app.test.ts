// A worker without boards on a log and tables in memory: when it ends by itself, and what HTTP says.
import { afterEach, beforeEach, expect, test } from 'vitest'
import { runWorker } from '../src/app.js'
import { RanktideError } from '../src/core/errors.js'
import { Lifecycle } from '../src/runtime/lifecycle.js'
import { parseConfig } from '../src/runtime/load-config.js'
import { createLog } from '../src/runtime/log.js'
import { CountingWorld, readsTopic } from './support/counting-world.js'
import { until } from './support/until.js'

const counter = (name: string): string =>
  `  ${name}: { topic: ${readsTopic}, table: items, add: { read_cnt: 1 }, window: { time: 5ms } }\n`

let world: CountingWorld
let lifecycle: Lifecycle | undefined

beforeEach(() => {
  world = new CountingWorld()
})
afterEach(() => lifecycle?.close('the test is over'))

const start = (...counters: readonly string[]) => {
  const text = `kafka: { brokers: a }
database: { url: postgres://h/x }
http: { port: 0 }
counters:
${counters.map(counter).join('')}`
  const result = parseConfig(text, 'x', { environment: {}, hostname: 'h' })
  if (result.kind === 'problems') throw new Error(JSON.stringify(result.problems))
  let logged = ''
  const log = createLog(result.config, { write: (line: string) => (logged += line) })
  const lines = () =>
    logged
      .split('\n')
      .filter(Boolean)
      .map((line) => JSON.parse(line) as Record<string, unknown>)
  lifecycle = new Lifecycle({ log, exit: () => {} })
  let ended: unknown
  runWorker(result.config, log, lifecycle, {
    database: undefined,
    counting: world.parts,
    deadLetters: world.letters,
    openSource: () => {
      throw new Error('there are no boards')
    },
  }).catch((error: unknown) => {
    ended = error
  })
  const get = async (path: string): Promise<readonly [number, string]> => {
    const address = lines().find(({ msg }) => msg === 'Listening')?.address
    const response = await fetch(`${address}${path}`)
    return [response.status, (await response.text()).trim()]
  }
  const listening = () => until('it listens', () => lines().some(({ msg }) => msg === 'Listening'))
  return { lines, get, listening, ended: () => ended }
}

const missing = (name: string) => ({ level: 'error', code: 'TABLE_MISSING', message: `there is no ${name}` }) as const

test('if nothing can begin it ends with the error, and has given everything back', async () => {
  world.preflight = (name) => [missing(`${name}`)]
  const worker = start('one', 'two')
  await until('it has ended', () => worker.ended() !== undefined)
  expect(worker.ended()).toMatchObject({ code: 'TABLE_MISSING', detail: 'there is no one' })
  expect(world.open).toEqual([])
})

test('if one can begin it goes on, is ready, and says which one is down', async () => {
  world.preflight = (name) => (name === 'one' ? [missing('table')] : [])
  const worker = start('one', 'two')
  await worker.listening()
  await until('it is ready', async () => (await worker.get('/readyz'))[0] === 200)
  expect((await worker.get('/startupz'))[0]).toBe(200)
  const [, text] = await worker.get('/readyz?verbose')
  expect(text).toMatch(
    /^\[-\]counters\.one down: TABLE_MISSING: there is no table\n\[\+\]counters\.two counting: .*\nok$/,
  )
  expect(await worker.get('/boards')).toEqual([200, expect.stringContaining('"data":[]')])
  expect(worker.ended()).toBeUndefined()
})

test('what fails after the start is no end, but nothing is ready while nothing can be done', async () => {
  world.preflight = () => []
  const worker = start('one')
  await worker.listening()
  await until('it is ready', async () => (await worker.get('/readyz'))[0] === 200)
  world.interrupt = () => {
    throw new Error('a defect')
  }
  world.send(0, { uid: 1, bizId: 1 })
  await until('it is not', async () => (await worker.get('/readyz'))[0] === 503)
  expect(await worker.get('/readyz?verbose')).toEqual([503, '[-]counters.one down: UNEXPECTED: a defect\nnot ready'])
  expect((await worker.get('/livez'))[0]).toBe(200)
  expect(worker.ended()).toBeUndefined()
  expect(world.open).toEqual([])
})

test('one that waits keeps nobody waiting who can begin', async () => {
  world.preflight = (name) => {
    if (name === 'one') throw new RanktideError('DATABASE_TIMEOUT', 'simulated')
    return []
  }
  const worker = start('one', 'two')
  await worker.listening()
  await until('it is started', async () => (await worker.get('/startupz'))[0] === 200)
  await until('it is ready', async () => (await worker.get('/readyz'))[0] === 200)
  expect((await worker.get('/readyz?verbose'))[1]).toContain('[-]counters.one waiting: DATABASE_TIMEOUT: simulated')
})

test('before the database answers it is neither started nor ready, and says what it waits for', async () => {
  world.preflight = () => {
    throw new RanktideError('DATABASE_UNREACHABLE', 'h:5432: ECONNREFUSED')
  }
  const worker = start('one')
  await worker.listening()
  await until('it says so', async () =>
    (await worker.get('/readyz?verbose'))[1].includes('waiting: DATABASE_UNREACHABLE'),
  )
  expect((await worker.get('/startupz'))[0]).toBe(503)
  expect((await worker.get('/readyz'))[0]).toBe(503)
})
