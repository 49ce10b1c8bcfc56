// The bench on a small topic: that it measures what it says. Times are not asserted.
import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { expect, test } from 'vitest'

const bench = fileURLToPath(new URL('../../dist/scripts/bench/bench.js', import.meta.url))
const given = ['--messages', '120000', '--keys', '20000', '--size', '50', '--rounds', '1', '--json']

interface Printed {
  readonly rounds: readonly {
    readonly drain: { readonly messages: number; readonly bytes: number }
    readonly board: { readonly messages: number; readonly bytes: number; readonly reads: number }
    readonly redis: { readonly publishes: number; readonly sent: number; readonly least: number }
  }[]
}

test('every message is read by all, and what goes to Redis is the least that can', { timeout: 120_000 }, async () => {
  // It fails by itself where the board in Redis is not the table's best at the end.
  const { stdout } = await promisify(execFile)(process.execPath, [bench, ...given])
  const [round] = (JSON.parse(stdout.split('\n').at(-2) ?? '') as Printed).rounds
  expect(round?.drain.messages).toBe(120_000)
  expect(round?.board.messages).toBe(120_000)
  expect(round?.board.bytes).toBe(round?.drain.bytes)
  expect(round?.board.reads).toBeGreaterThan(0)
  expect(round?.redis.publishes).toBeGreaterThan(5)
  expect(round?.redis.sent).toBeGreaterThan(100)
  expect(round?.redis.sent).toBe(round?.redis.least)
})
