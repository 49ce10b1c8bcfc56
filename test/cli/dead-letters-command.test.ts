// The words of `ranktide dead-letters`, what it hands on and what it prints; what it does is services/dead-letters-command.test.ts.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { type ProgramActions, runProgram } from '../../src/cli/program.js'
import type { LetterList } from '../../src/operate/dead-letters.js'
import type { SettleReport } from '../../src/operate/settle-letters.js'
import type { ShownLetter } from '../../src/operate/show-letter.js'
import { programActions } from '../support/program-actions.js'

const directory = mkdtempSync(join(tmpdir(), 'ranktide-letters-'))
afterAll(() => rmSync(directory, { recursive: true }))
const file = join(directory, 'ranktide.yaml')
writeFileSync(
  file,
  `kafka: { brokers: localhost }
database: { url: mysql://a:b@localhost/webook }
counters: { reads: { topic: reads, table: webook.interactives, add: { read_cnt: 1 } } }
`,
)

const run = async (line: readonly string[], more: Partial<ProgramActions>) => {
  let [out, error] = ['', '']
  const actions = programActions({ out: (text) => (out += text), error: (text) => (error += text), ...more })
  const code = await runProgram(actions, ['dead-letters', ...line, '--config', file])
  return { code, out, error }
}

const at = Date.parse('2026-11-21T08:00:00Z')
const source = { feed: 'counters.reads', topic: 'reads', partition: 2, offset: 7, timestamp: at }

const list: LetterList = {
  deadLetters: 'ranktide.dead-letters',
  letters: [
    {
      id: 4,
      at,
      feed: 'counters.reads',
      topic: 'reads',
      partition: 2,
      offset: 7,
      code: 'PARSE',
      detail: `${'x'.repeat(120)}`,
      state: 'open',
    },
  ],
  more: 2,
  counts: new Map([
    ['PARSE', 1],
    ['EVENT_FIELD', 2],
  ]),
  untold: 3,
}

describe('list', () => {
  test('prints a page, the counts by code, and how to go on', async () => {
    const { code, out } = await run(['list'], { listDeadLetters: () => Promise.resolve(list) })
    expect(code).toBe(0)
    expect(out.split('\n')).toEqual([
      expect.stringMatching(/^ID {3}WRITTEN {15}FEED {12}MESSAGE {4}CODE {3}DETAIL$/),
      `0/4  2026-11-21T08:00:00Z  counters.reads  reads/2/7  PARSE  ${'x'.repeat(100)}…`,
      '',
      '3 letters: EVENT_FIELD 2, PARSE 1',
      '2 more: add --after 0/4',
      '3 newer ones were not looked at: settle older ones first',
      '',
    ])
  })

  test('hands on what was asked for', async () => {
    const asked: unknown[] = []
    const listDeadLetters: ProgramActions['listDeadLetters'] = (_, options) => {
      asked.push(options)
      return Promise.resolve({ ...list, letters: [], counts: new Map(), more: 0, untold: 0 })
    }
    const words = ['--feed', 'history', '--code', 'PARSE', '--topic', 'reads', '--since', '2026-11-21T16:00:00+08:00']
    const { out } = await run(['list', ...words, '--all', '--limit', '3', '--after', '9'], { listDeadLetters })
    expect(asked).toEqual([
      { feed: 'history', code: 'PARSE', topic: 'reads', since: at, all: true, limit: 3, after: 9 },
    ])
    expect(out).toMatch(/^no letters in ranktide\.dead-letters match; without a filter /)
    expect((await run(['list', '--after', '9'], { listDeadLetters })).out).toBe(
      'no open letters in ranktide.dead-letters\n',
    )
    await run(['list', '--since', '2h'], { listDeadLetters })
    expect(Date.now() - (asked[2] as { since: number }).since).toBeLessThan(2 * 3_600_000 + 60_000)
  })

  test('--json is one object', async () => {
    const { out } = await run(['list', '--json'], { listDeadLetters: () => Promise.resolve(list) })
    expect(JSON.parse(out)).toMatchObject({
      topic: 'ranktide.dead-letters',
      letters: [{ id: '0/4', at: '2026-11-21T08:00:00Z', feed: 'counters.reads', offset: 7, state: 'open' }],
      more: 2,
      counts: { PARSE: 1, EVENT_FIELD: 2 },
    })
  })

  test.each([
    ['--limit', '0'],
    ['--since', 'yesterday'],
    ['--since', '2026-11-21T08:00:00'],
    ['--after', '1/3'],
    ['--after', 'x'],
  ])('refuses %s %s', async (...words) => {
    const { code, error } = await run(['list', ...words], {})
    expect([code, error]).toEqual([2, expect.stringContaining(words[0] ?? '')])
  })
})

describe('show', () => {
  const letter: ShownLetter = {
    id: 4,
    deadLetters: 'ranktide.dead-letters',
    at,
    source,
    message: {
      ...source,
      key: Uint8Array.of(0xff, 1),
      value: new TextEncoder().encode('{"uid":1,\n\t"biz":2}\u001b[31m'),
    },
    code: 'PARSE',
    detail: 'at byte 9',
    copyOf: 2,
    settlement: { outcome: 'discarded', reason: 'a load test', by: 'ann@pod', at },
    passed: false,
    headers: new Map([['ranktide-code', 'PARSE\nstate    open']]),
    now: { kind: 'refused', code: 'PARSE', detail: 'at byte 9' },
  }
  const showDeadLetter = () => Promise.resolve(letter)

  test('prints all of it, and no control characters from the topic', async () => {
    const { out } = await run(['show', '0/4'], { showDeadLetter })
    expect(out.split('\n')).toEqual([
      'letter   0/4 of ranktide.dead-letters, a copy of 0/2',
      'state    discarded at 2026-11-21T08:00:00Z by ann@pod: a load test',
      'written  2026-11-21T08:00:00Z',
      'feed     counters.reads',
      'message  reads/2/7 of 2026-11-21T08:00:00Z',
      'refused  PARSE: at byte 9',
      'today    still refused: PARSE: at byte 9',
      'header   ranktide-code: PARSE\\nstate    open',
      'key      2 bytes, not UTF-8: ff01',
      '',
      '{"uid":1,',
      '\t"biz":2}\\u001b[31m',
      '',
    ])
  })

  test('--raw writes the bytes of the value', async () => {
    const written: Uint8Array[] = []
    const { out } = await run(['show', '4', '--raw'], { showDeadLetter, outBytes: (bytes) => written.push(bytes) })
    expect([out, written]).toEqual(['', [letter.message.value]])
  })

  test('--json has key and value in base64', async () => {
    const { out } = await run(['show', '4', '--json'], { showDeadLetter })
    expect(JSON.parse(out)).toMatchObject({
      id: '0/4',
      copyOf: '0/2',
      state: 'discarded',
      key: '/wE=',
      now: { kind: 'refused' },
    })
  })
})

describe('retry and discard', () => {
  const nothing: SettleReport = {
    dryRun: false,
    retried: 0,
    healed: 0,
    discarded: 0,
    already: [],
    left: 0,
    leftFirst: [],
    stopped: false,
    untold: 0,
  }

  test('what is left open is told, with exit code 1', async () => {
    const left = { id: 3, code: 'PARSE', why: 'still refused: PARSE: x' }
    const report = { ...nothing, dryRun: true, retried: 2, healed: 1, left: 22, leftFirst: [left] }
    const { code, out } = await run(['retry', '--all', '--dry-run'], {
      retryDeadLetters: () => Promise.resolve(report),
    })
    expect(code).toBe(1)
    expect(out.split('\n')).toEqual([
      'LEFT  CODE   WHY',
      '0/3   PARSE  still refused: PARSE: x',
      '… and 21 more',
      'dry run, nothing was done: 2 would be retried, 1 would be closed as healed, 22 left open',
      '',
    ])
  })

  test('what a signal cut short is not done', async () => {
    const retryDeadLetters = () => Promise.resolve({ ...nothing, retried: 200, stopped: true })
    expect(await run(['retry', '--all'], { retryDeadLetters })).toMatchObject({
      code: 1,
      out: '200 retried\nstopped before all were looked at: run it again for the others\n',
    })
  })

  test('ids, filters and the reason are handed on', async () => {
    const asked: unknown[] = []
    const actions: Partial<ProgramActions> = {
      retryDeadLetters: (_, choice, options) => {
        asked.push([choice, options])
        return Promise.resolve(nothing)
      },
      discardDeadLetters: (_, choice, reason, options) => {
        asked.push([choice, reason, options])
        return Promise.resolve({
          ...nothing,
          already: [{ id: 4, settlement: { outcome: 'retried', reason: '', by: 'a', at } }],
        })
      },
    }
    expect((await run(['retry', '0/4', '5', '--unconfirmed'], actions)).out).toBe('no open letters match\n')
    const { code, out } = await run(['discard', '--feed', 'history', '--reason', ' a test '], actions)
    expect([code, out]).toEqual([0, '0/4 was retried at 2026-11-21T08:00:00Z by a\n1 settled before\n'])
    expect(asked).toEqual([
      [
        { kind: 'ids', ids: [4, 5] },
        { dryRun: false, unconfirmed: true },
      ],
      [{ kind: 'filter', filter: { feed: 'history' } }, 'a test', { dryRun: false }],
    ])
  })

  test.each([
    [['retry'], 'needed: ids, a filter such as --code PARSE, or --all'],
    [['retry', '0/4', '--all'], 'ids and --all exclude each other'],
    [['retry', '0/4', '--code', 'PARSE'], 'ids and --code exclude each other'],
    [['retry', '2/4'], 'All letters stand in partition 0'],
    [['discard', '--all'], "required option '--reason <text>' not specified"],
    [['discard', '--all', '--reason', ' '], 'Allowed: why they will never be used'],
  ])('%j is refused', async (line, why) => {
    const { code, error } = await run(line, {})
    expect([code, error]).toEqual([2, expect.stringContaining(why)])
  })
})
