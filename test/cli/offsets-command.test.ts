import { writeFileSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { offsetsText } from '../../src/cli/offsets-text.js'
import { runProgram } from '../../src/cli/program.js'
import type { PipelinePlan } from '../../src/operate/offset-plan.js'
import type { OffsetsReport } from '../../src/operate/offset-report.js'
import { programActions } from '../support/program-actions.js'

const yaml = `kafka: { brokers: k:9092 }
database: { url: postgres://u:secret@p/db }
counters: { reads: { topic: read_events, table: interactives, add: { read_cnt: 1 } } }
`
const report: OffsetsReport = {
  at: '2026-11-21T08:00:00.000Z',
  pipelines: [
    {
      name: 'counters.reads',
      kind: 'counter',
      group: 'ranktide.counter.reads',
      active: false,
      activity: 'group ranktide.counter.reads has no members',
      state: null,
      missingTopic: null,
      partitions: [
        {
          partition: 'read_events/0',
          first: 5,
          end: 90,
          committed: 60,
          next: 60,
          position: 60,
          lag: 30,
          lagSeconds: 75,
        },
        {
          partition: 'read_events/1',
          first: 0,
          end: 0,
          committed: null,
          next: null,
          position: null,
          lag: null,
          lagSeconds: null,
        },
      ],
    },
  ],
}
const plan: PipelinePlan = {
  name: 'counters.reads',
  kind: 'counter',
  group: 'ranktide.counter.reads',
  active: false,
  activity: 'group ranktide.counter.reads has no members',
  action: 'set',
  moves: [{ partition: 'read_events/0', from: 60, to: 50, first: 5, end: 90 }],
  again: 10,
  skipped: 0,
  effects: ['counts the events of 10 offsets AGAIN'],
}

let directory: string
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'ranktide-offsets-words-'))
})
afterAll(() => rm(directory, { recursive: true }))

const run = async (line: readonly string[], plans: readonly PipelinePlan[] = [plan], shown = report) => {
  const file = join(directory, 'ranktide.yaml')
  writeFileSync(file, yaml)
  const asked: unknown[] = []
  let [out, error] = ['', '']
  const code = await runProgram(
    programActions({
      readOffsets: async (_, choice) => {
        asked.push(choice)
        return shown
      },
      resetOffsets: async (_, choice, target, execute) => {
        asked.push({ choice, target, execute })
        return { executed: execute, plans, notes: ['read_events/0 is fine'] }
      },
      out: (text) => {
        out += text
      },
      error: (text) => {
        error += text
      },
    }),
    ['offsets', ...line, '--config', file],
  )
  return { code, out, error, asked }
}

describe('show', () => {
  test('a table a pipeline', async () => {
    const { out, code, asked } = await run(['show'])
    expect(out).toBe(`counters.reads (group ranktide.counter.reads)
not active: group ranktide.counter.reads has no members
PARTITION      FIRST  COMMITTED  NEXT  END  LAG  OLDEST
read_events/0      5         60    60   90   30  75 s
read_events/1      0          -     -    0    -  -
`)
    expect(code).toBe(0)
    expect(asked).toEqual([{}])
  })

  test('what the topic no longer has', () => {
    const gone = report.pipelines.map((one) => ({
      ...one,
      partitions: one.partitions.map((row) => ({ ...row, next: row.next === null ? null : 2 })),
    }))
    expect(
      offsetsText({ ...report, pipelines: gone })
        .split('\n')
        .at(-2),
    ).toBe(
      '- read_events/0 begins at 5: 3 of these offsets are GONE (retention); docs/counters.md says what to do (onLoss)',
    )
  })

  test('a topic that does not exist is said in its place, with exit code 1; no export is made of it', async () => {
    const missing = { name: 'history', kind: 'history', group: 'g', active: null, activity: 'not asked' } as const
    const history = { ...missing, state: null, missingTopic: 'reads; did you mean read_events?', partitions: [] }
    const shown = { ...report, pipelines: [history, ...report.pipelines] }
    const { out, code } = await run(['show'], [], shown)
    expect(out).toContain(
      'history (group g)\n[-] there is no topic reads; did you mean read_events?\n\ncounters.reads (',
    )
    expect(out).toContain('read_events/0      5         60    60   90   30  75 s')
    expect(code).toBe(1)
    expect((await run(['show', '--json'], [], shown)).code).toBe(1)
    expect(await run(['export'], [], shown)).toMatchObject({
      code: 1,
      out: '',
      error: expect.stringContaining('reads'),
    })
  })

  test('JSON, and one pipeline', async () => {
    const { out, asked } = await run(['show', '--json', '--counter', 'reads'])
    expect(JSON.parse(out)).toEqual(report)
    expect(asked).toEqual([{ counter: 'reads' }])
  })
})

describe('reset', () => {
  test('prints the plan, and what to type to do it', async () => {
    const { out, asked } = await run(['reset', '--counter', 'reads', '--to', '0:50', '--partition', '0'])
    expect(out).toContain('read_events/0    60  50  -10      5   90')
    expect(out).toContain('- counts the events of 10 offsets AGAIN')
    expect(out).toContain('note: read_events/0 is fine')
    expect(out).toMatch(
      /Nothing was changed: this is the plan\.\nTo do it: ranktide offsets reset --counter reads --to 0:50 --partition 0 --config \S+ --execute\n$/,
    )
    const spec = { kind: 'map', offsets: new Map([['0', 50]]) }
    expect(asked).toEqual([
      { choice: { counter: 'reads' }, target: { kind: 'spec', spec, partitions: ['0'] }, execute: false },
    ])
  })

  test('executed, says what was before and how to go back', async () => {
    const { out } = await run(['reset', '--history', '--to', 'end', '--execute'])
    expect(out).toContain('Done. Before: counters.reads read_events/0:60.')
    expect(out).toMatch(/To undo: ranktide offsets reset --counter reads --to read_events\/0:60 --config \S+ --execute/)
  })

  test('says of an active one that it would be refused, and of no change that there is nothing to do', async () => {
    const active = await run(['reset', '--group', 'g', '--to', 'end'], [{ ...plan, active: true }])
    expect(active.out).toContain('It is refused while counters.reads is active: stop the workers first.')
    const none = await run(['reset', '--group', 'g', '--to', 'end', '--execute'], [{ ...plan, action: 'none' }])
    expect(none.out).toMatch(/Nothing to do\.\n$/)
  })

  test.each([
    [['--to', 'end'], 'needed: --board NAME, --counter NAME, --history or --group GROUP'],
    [['--counter', 'reads'], "required option '--to <spec>'"],
    [['--counter', 'reads', '--to', 'lastest'], '"lastest" is not a place that is known'],
    [['--counter', 'reads', '--to', '2026-11-21T08:00:00'], 'write 2026-11-21T08:00:00Z if it is UTC'],
    [['--counter', 'reads', '--board', 'likes', '--to', 'end'], 'cannot be used with'],
    [['--counter', 'reads', '--to', 'end', '--partition', 'x'], 'Allowed: numbers of partitions such as 0,2'],
  ])('%j is a usage error', async (words, why) => {
    const { code, error, asked } = await run(['reset', ...words])
    expect(error).toContain(why)
    expect(code).toBe(2)
    expect(asked).toEqual([])
  })
})

describe('a file', () => {
  test('is written once, and read back', async () => {
    const file = join(directory, 'saved.json')
    expect((await run(['export', file])).out).toContain(`ranktide offsets import ${file}`)
    expect(await run(['export', file])).toMatchObject({
      code: 1,
      error: expect.stringMatching(/^ranktide: OFFSETS_FILE: the file of offsets cannot be used: .* is there already/),
    })
    const { error } = await run(['export', join(directory, 'no-folder', 'saved.json')])
    expect(error).toContain('saved.json cannot be made: its folder does not exist')
    const { asked } = await run(['import', file])
    const offsets = [
      {
        name: 'counters.reads',
        group: 'ranktide.counter.reads',
        next: new Map([['read_events/0', 60]]),
        unknown: ['read_events/1'],
      },
    ]
    expect(asked).toEqual([{ choice: {}, target: { kind: 'file', file, offsets }, execute: false }])
  })

  test('goes to standard output without a name, and has to be there to be read', async () => {
    expect(JSON.parse((await run(['export'])).out)).toMatchObject({ ranktide: 'offsets', format: 1, ...report })
    expect(await run(['import', join(directory, 'none')])).toMatchObject({
      code: 1,
      error: expect.stringContaining('none does not exist'),
    })
  })
})
