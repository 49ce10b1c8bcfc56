// The bench of replays on a small topic: that it measures what it says. Times are not asserted.
import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { expect, test } from 'vitest'

const bench = fileURLToPath(new URL('../../dist/scripts/bench/replay-bench.js', import.meta.url))
const given = ['--messages', '60000', '--keys', '10000', '--size', '50', '--json']

interface Printed {
  readonly rounds: readonly {
    readonly drain: { readonly messages: number; readonly seconds: number; readonly peakRssMb: number }
    readonly replay: {
      readonly messages: number
      readonly rows: number
      readonly seconds: number
      readonly wallSeconds: number
      readonly cpuSeconds: number
      readonly peakRssMb: number
      readonly n: number
    }
  }[]
}

test('a topic is drained and replayed, and the board is the table’s best', { timeout: 120_000 }, async () => {
  // It fails by itself where a message is missing or refused, or the board is not the table's.
  const { stdout } = await promisify(execFile)(process.execPath, [bench, ...given])
  const [round] = (JSON.parse(stdout.split('\n').at(-2) ?? '') as Printed).rounds
  expect(round?.drain.messages).toBe(60_000)
  expect(round?.replay).toMatchObject({ messages: 60_000, rows: 60_000, n: 50 })
  const { seconds = 0, wallSeconds = 0, cpuSeconds = 0, peakRssMb = 0 } = round?.replay ?? {}
  expect(seconds).toBeGreaterThan(0)
  expect(wallSeconds).toBeGreaterThan(seconds)
  // Read from /proc: of the process that replays, which holds more than one that does nothing.
  expect(cpuSeconds).toBeGreaterThan(0.5)
  expect(peakRssMb).toBeGreaterThan(60)
})
