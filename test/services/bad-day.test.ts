// The bad day in its short form, as a user runs it; and that it finds a product out which is broken on purpose.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { cp, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, expect, test } from 'vitest'
import { faults } from '../../scripts/bad-day-parts/faults.js'
import type { Result } from '../../scripts/bad-day-parts/report.js'
import { goal } from '../../scripts/bad-day-parts/tally.js'
import { controllable } from '../support/stack.js'

const root = fileURLToPath(new URL('../..', import.meta.url))
const broken = join(root, '.mutants', `bad-day-${process.pid}`)

afterAll(() => rm(broken, { recursive: true, force: true }))

interface Ended {
  readonly code: number | null
  readonly told: string
  readonly result: Result
}

/** On the stack that is there if all of it may be stopped and emptied; else the script starts one of its own. */
const badDay = async (options: readonly string[], directory = tmpdir()): Promise<Ended> => {
  const { RANKTIDE_STACK: stack, ...rest } = process.env
  const others = { ...rest, TMPDIR: directory }
  const ours = (['kafka', 'redis', 'mariadb', 'canal'] as const).every(controllable)
  const env = ours ? { ...others, RANKTIDE_STACK: stack } : others
  const child = spawn(join(root, 'scripts/bad-day'), [...options, '--json'], {
    env,
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const texts = { stdout: '', stderr: '' }
  for (const name of ['stdout', 'stderr'] as const)
    child[name].setEncoding('utf8').on('data', (text: string) => {
      texts[name] += text
    })
  await once(child, 'close')
  if (texts.stdout === '') throw new Error(`no result:\n${texts.stderr}`)
  return { code: child.exitCode, told: texts.stderr, result: JSON.parse(texts.stdout) as Result }
}

/** The end of what it says, without the violations one by one. */
const summary = (told: string): string => told.slice(Math.max(0, told.search(/^(violations, summed|reads during)/m)))

test('every fault once: reads are truthful, and none claims to be exact and is wrong', {
  timeout: 900_000,
}, async () => {
  const { code, told, result } = await badDay(['--short'])
  console.info(summary(told))
  expect(result.number.lies).toBe(0)
  expect(result.number.rate).toBeGreaterThanOrEqual(goal)
  expect(result.endsExact).toBe(true)
  expect(code).toBe(0)
  // The day was one: all of it happened, at the rates that it promises, and little was left out of the number.
  expect(result.faults.map(({ name }) => name)).toEqual(faults.map(({ name }) => name))
  expect(result.unrecovered).toEqual([])
  expect(result.unexpectedEnds).toBe(0)
  expect(result.number.reads).toBeGreaterThan(190 * result.seconds * 0.9)
  expect(result.number.excused).toBeLessThan(result.number.reads / 10)
  expect(result.statements).toBeGreaterThan(20 * result.seconds)
})

test('a worker that leaves members where they are is found out', { timeout: 300_000 }, async () => {
  await mkdir(broken, { recursive: true })
  await cp(join(root, 'dist'), join(broken, 'dist'), { recursive: true })
  await cp(join(root, 'package.json'), join(broken, 'package.json'))
  const script = join(broken, 'dist/src/redis/lua/publish.lua')
  const text = await readFile(script, 'utf8')
  const harmed = text.replace("write('ZREM', ZSET, leave_from, leaving, 1)\n  or ", '')
  expect(harmed).not.toBe(text)
  await writeFile(script, harmed)
  // A day that failed keeps its logs; nobody wants these.
  const logs = await mkdtemp(join(tmpdir(), 'ranktide-broken-'))
  const options = ['--only', 'top purged', '--seconds', '1', '--worker', join(broken, 'dist/src/main.js')]
  const { code, result } = await badDay(options, logs)
  await rm(logs, { recursive: true, force: true })
  expect(code).toBe(1)
  expect(result.number.rate).toBe(0)
  expect(result.number.lies).toBeGreaterThan(0)
  expect(result.violations.map(({ rule }) => rule)).toContain('claimed exact, never true')
})
