/**
 * The bad day on servers that are running already (scripts/bad-day starts them). Says what happens, then the number and
 * every violation. SIGTERM and SIGINT end it after the fault that is under way.
 * Exit code: 0 the number is reached and no read claimed to be exact and was wrong, 1 not, or something failed.
 */
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { Day } from './day.js'
import { type Fault, faults } from './faults.js'
import { Judge } from './judge.js'
import { Outages } from './outages.js'
import { faultsOf, isPassed, type Result, reportLines } from './report.js'
import { Scene } from './scene.js'
import { seededChance, shuffled } from './seeded-chance.js'
import type { DatabaseName } from './servers.js'
import { SteadyReads } from './steady-reads.js'
import { Tally } from './tally.js'
import { TrueHistory } from './true-history.js'

const readsPerSecond = 200
/** At the beginning and at the end nothing is broken, ms. */
const quiet = 5_000

interface Setting {
  readonly database: DatabaseName
  readonly directory: string
  /** The faults go on until this time is over, ms; every one comes once in any case. */
  readonly lasts: number
  readonly only: string
  readonly seed: number
  readonly json: boolean
  readonly main: string
}

const readSetting = (): Setting => {
  const { values } = parseArgs({
    options: {
      database: { type: 'string', default: 'mariadb' },
      directory: { type: 'string', default: '.' },
      seconds: { type: 'string', default: '600' },
      only: { type: 'string', default: '' },
      seed: { type: 'string' },
      json: { type: 'boolean', default: false },
      worker: { type: 'string', default: fileURLToPath(new URL('../../src/main.js', import.meta.url)) },
    },
  })
  return {
    database: values.database === 'mysql' ? 'mysql' : 'mariadb',
    directory: join(values.directory, 'replicas'),
    lasts: Number(values.seconds) * 1_000,
    only: values.only,
    seed: Number(values.seed ?? Math.floor(Math.random() * 2 ** 31)),
    json: values.json,
    main: values.worker,
  }
}

/** Every fault once as they stand, then again and again in an order of chance. */
function* inTurn(chosen: readonly Fault[], seed: number): Generator<Fault, void> {
  yield* chosen
  const chance = seededChance(seed)
  for (;;) yield* shuffled(chosen, chance)
}

const stop = new AbortController()

const suffer = async (day: Day, { only, lasts, seed }: Setting): Promise<void> => {
  const chosen = faults.filter(({ name }) => name.includes(only))
  if (chosen.length === 0) throw new Error(`no fault is called "${only}": ${faults.map(({ name }) => name).join(', ')}`)
  if (!(await day.begins())) return
  await delay(quiet, undefined, { signal: stop.signal }).catch(() => {})
  const began = performance.now()
  let count = 0
  for (const fault of inTurn(chosen, seed)) {
    const over = performance.now() - began >= lasts && count >= chosen.length
    if (over || stop.signal.aborted) break
    if (!(await day.suffer(fault))) return
    count += 1
  }
  await delay(quiet, undefined, { signal: stop.signal }).catch(() => {})
}

const live = async (setting: Setting, say: (line: string) => void): Promise<Result> => {
  const { database, seed } = setting
  const history = new TrueHistory()
  const outages = new Outages()
  const scene = new Scene({ ...setting, history })
  let reads: SteadyReads | undefined
  let day: Day | undefined
  try {
    await scene.start()
    const start = performance.now()
    const tally = new Tally(start)
    const judge = new Judge(history, outages)
    const today = new Day({
      surroundings: { ...scene.surroundings, database, places: [] },
      history,
      outages,
      judge,
      tally,
      start,
      say,
    })
    day = today
    say(
      `two replicas, ${readsPerSecond} reads/s, half by HTTP and half from Redis; seed ${seed}, logs in ${setting.directory}`,
    )
    reads = new SteadyReads(
      [async () => today.add(await scene.http.read()), async () => today.add(await scene.redisReader.read())],
      readsPerSecond,
    )
    await suffer(today, setting)
    await reads.stop()
    const endsExact = await scene.endsExact()
    const number = tally.number()
    return {
      passed: isPassed(number, endsExact),
      number,
      endsExact,
      worstLag: tally.worstLag,
      bareBehind: today.bareBehind,
      statements: scene.writer.statements,
      seconds: Math.round((performance.now() - start) / 1_000),
      seed,
      faults: faultsOf(outages.windows),
      counts: Object.fromEntries(tally.counts),
      unrecovered: today.unrecovered,
      unexpectedEnds: scene.replicas.reduce((sum, { unexpected }) => sum + unexpected, 0),
      violations: tally.violations,
    }
  } finally {
    day?.end()
    await reads?.stop()
    await scene.stop()
  }
}

const play = async (): Promise<boolean> => {
  const setting = readSetting()
  // With --json the standard output is one JSON text.
  const progress = setting.json ? process.stderr : process.stdout
  const result = await live(setting, (line) => progress.write(`${line}\n`))
  progress.write(`\n${reportLines(result).join('\n')}\n`)
  if (setting.json) process.stdout.write(`${JSON.stringify(result)}\n`)
  return result.passed
}

process.on('SIGTERM', () => stop.abort())
process.on('SIGINT', () => stop.abort())
process.stdout.on('error', () => stop.abort())

const passed = await play().catch((error: unknown) => {
  process.stderr.write(`${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`)
  return false
})
process.exitCode = passed ? 0 : 1
// A connection that a failure has left open would keep the process alive; what was printed goes out first.
setTimeout(() => process.exit(), 2_000).unref()
