// The bench of the counters on a few events: that it measures what it says. Times are not asserted.
import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { expect, test } from 'vitest'

const bench = fileURLToPath(new URL('../../dist/scripts/bench/counter-bench.js', import.meta.url))
const given = [
  '--events',
  '20000',
  '--single',
  '100',
  '--items',
  '2000',
  '--rounds',
  '1',
  '--servers',
  'mariadb,postgres',
]

interface Counted {
  readonly messages: number
}
interface Printed {
  readonly servers: readonly {
    readonly server: string
    readonly settings: string
    readonly rounds: readonly (readonly {
      readonly size: number
      readonly bare: Counted
      readonly memory: Counted
      readonly kafka: Counted
    }[])[]
  }[]
}

test('every event is counted at every size, into durable databases', { timeout: 240_000 }, async () => {
  // It fails by itself where a count is wrong, or a batch was not one transaction.
  const { stdout } = await promisify(execFile)(process.execPath, [bench, ...given, '--json'])
  const { servers } = JSON.parse(stdout) as Printed
  expect(servers.map(({ server }) => server)).toEqual(['mariadb', 'postgres'])
  for (const { settings, rounds } of servers) {
    expect(settings).toMatch(
      /innodb_flush_log_at_trx_commit 1, log_bin (?:1|ON), sync_binlog 1$|fsync on, synchronous_commit on$/,
    )
    expect(rounds[0]?.map(({ size }) => size)).toEqual([1, 100, 1_000, 10_000])
    for (const { size, bare, memory, kafka } of rounds[0] ?? [])
      expect([bare, memory, kafka].map(({ messages }) => messages)).toEqual(Array(3).fill(size === 1 ? 100 : 20_000))
  }
})
