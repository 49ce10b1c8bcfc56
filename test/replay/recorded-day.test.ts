/** Replays of what Canal sent for MySQL, from the recorded files themselves, against the rows that the server had. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, describe, expect, it } from 'vitest'
import type { BoardSpec } from '../../src/core/board-spec.js'
import { readLines, recordedMessages, recordedScenarios } from '../support/recorded.js'
import { recordedBoards } from '../support/recorded-boards.js'
import { expectedRows } from '../support/recorded-replay.js'
import { replayedFile } from '../support/replayed-file.js'

const scenarios = recordedScenarios('mysql.oracle.jsonl.gz')
const fileOf = (name: string): string => fileURLToPath(new URL(`../recorded/${name}`, import.meta.url))

const replay = async (path: string, spec: BoardSpec, to: string, from = 'beginning') => {
  const { boards, ...more } = await replayedFile(path, spec, { from, to })
  return { rows: boards.flatMap(({ entries }) => entries.map(({ row }) => row)), ...more }
}

/** The offsets after the last message of a scenario, as `--to` takes them. */
const endOf = (file: string, last: string): string => {
  const names = scenarios.map(({ scenario }) => scenario)
  const ends = new Map<number, number>()
  for (const { partition, offset, scenario } of recordedMessages(file)) {
    const told = names.indexOf(scenario) <= names.indexOf(last)
    ends.set(partition, Math.max(told ? offset + 1 : 0, ends.get(partition) ?? 0))
  }
  return [...ends].map(([partition, offset]) => `${partition}:${offset}`).join(',')
}

const folder = mkdtempSync(join(tmpdir(), 'ranktide-day-'))
afterAll(() => rmSync(folder, { recursive: true }))

/** The recording has one partition after the other: here in the order in which they were written, as Kafka is read. */
const byTime = (file: string): string => {
  const lines = readLines(file).map((line): { line: string; at: number } => ({ line, at: JSON.parse(line).timestamp }))
  const path = join(folder, file.replace(/\.gz$/, ''))
  writeFileSync(
    path,
    lines
      .sort((a, b) => a.at - b.at)
      .map(({ line }) => line)
      .join('\n'),
  )
  return path
}

const named = (name: string): BoardSpec => {
  const spec = recordedBoards.find((board) => board.name === name)
  if (spec === undefined) throw new Error(`no board ${name}`)
  return spec
}

// Up to the first message that replaces rows without telling them (RENAME).
const told = scenarios.map(({ scenario }) => scenario).filter((name) => /^s(0\d|1\d|20)/.test(name))

describe.each(['mysql.single.jsonl.gz', 'mysql.flat.jsonl.gz'])('%s', (file) => {
  const path = byTime(file)
  const some = told.filter((_, i) => i % 7 === 3 || i === told.length - 1)

  it.each(some)('replayed up to %s equals the table as it was then', async (scenario) => {
    const tables = scenarios.find((one) => one.scenario === scenario)?.tables ?? {}
    for (const name of ['likes', 'lower']) {
      const { rows, status } = await replay(path, named(name), endOf(file, scenario))
      expect(rows, name).toEqual(expectedRows(named(name), tables))
      expect(status.state).toMatch(/^(exact|assumed)$/)
    }
  })

  it('replayed whole equals the tables that nothing befell, and says of the others what befell them', async () => {
    const last = scenarios.at(-1)?.tables ?? {}
    for (const name of ['pairs', 'decimals']) {
      const { rows } = await replay(path, named(name), 'end')
      expect(rows, name).toEqual(expectedRows(named(name), last))
    }
    const { status, state } = await replay(path, named('likes'), 'end')
    expect(status.state).toBe('degraded')
    expect(status.reason).toMatch(new RegExp(`^${state.table.refused} messages could not be read; first [A-Z_]+: `))
    expect(state.messages).toBe(recordedMessages(file).length)
  })
})

describe('a file of bare messages', () => {
  it('is read by the numbers of its lines, and its board says that it does not tell what came before', async () => {
    const file = fileOf('mariadb.all-events.jsonl')
    const whole = await replay(file, named('likes'), 'end')
    expect(whole.range.offsets).toBe(false)
    expect([...whole.range.to.keys()]).toEqual(['recorded/0'])
    expect(whole.state.messages).toBe(whole.range.to.get('recorded/0'))
    expect(whole.status).toEqual({ state: 'degraded', reason: 'XA_ROLLBACK: XA ROLLBACK' })
    const part = await replay(file, named('likes'), '9', '4')
    expect(part.state.messages).toBe(5)
    expect(part.status.state).toBe('assumed')
    expect(part.status.reason).toMatch(/^a file without offsets does not tell what came before and after it; /)
    expect([...part.range.from, ...part.range.to]).toEqual([
      ['recorded/0', 4],
      ['recorded/0', 9],
    ])
  })
})
