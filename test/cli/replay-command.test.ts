// The words of `ranktide replay`, and what it prints.
import { PassThrough } from 'node:stream'
import { describe, expect, it } from 'vitest'
import { inWords, progressBar } from '../../src/cli/progress-bar.js'
import type { Entry } from '../../src/core/board-content.js'
import { diffAgainstLive, type LiveBoard } from '../../src/replay/live-boards.js'
import { boardOf, checkWords, type ReplayWords } from '../../src/replay/replay-words.js'
import type { ReplayReport } from '../../src/replay/run-replay.js'
import { likesYaml, programRun } from '../support/program-run.js'
import { recordedBoards } from '../support/recorded-boards.js'

const replay = programRun(
  'replay',
  `${likesYaml}
counters:
  reads: { topic: r, table: interactives, key: [biz, biz_id], add: { read_cnt: 1 } }
`,
)

const entry = (id: number, likes: number, reads = 0): Entry => ({
  member: String(id),
  score: String(likes),
  row: `{"id":${id},"biz_id":1,"biz":"b","read_cnt":${reads},"like_cnt":${likes}}`,
})

const live = (entries: readonly Entry[]): LiveBoard => {
  const meta = { status: { state: 'exact', reason: '' }, complete: true, positions: new Map(), definition: '' } as const
  return {
    value: undefined,
    stored: { stored: { epoch: 1, owner: 'a', version: 2, confirmedAt: 3, meta }, entries, strays: [] },
  }
}

const [likes] = recordedBoards
const reportOf = (there: readonly Entry[], here: readonly Entry[]): ReplayReport => {
  if (likes === undefined) throw new Error('no board')
  const boards = [{ name: 'likes', value: undefined, entries: here, complete: true }]
  return {
    result: {
      spec: likes,
      definition: '',
      boards,
      status: { state: 'exact', reason: '' },
      from: new Map([['t/0', 0]]),
      positions: new Map([['t/0', 12_000]]),
      newest: new Map(),
      counts: { messages: 12_000, rows: 11_000, refused: 1, seconds: 4.000000001 },
    },
    live: [live(there)],
    diff: diffAgainstLive([live(there)], boards),
    written: {},
    writtenText: '',
  }
}

const run = async (line: readonly string[], report: ReplayReport = reportOf([], [])) => {
  const asked: ReplayWords[] = []
  const printed = await replay(line, {
    replay: async (config, words) => {
      checkWords(words, boardOf(config, words.board))
      asked.push(words)
      return report
    },
    errorStream: new PassThrough(),
  })
  return { ...printed, asked }
}

describe('words', () => {
  it('have defaults, and all that is said is asked for', async () => {
    const plain = { topics: [], file: undefined, seed: false, checkpoint: undefined, per: undefined, into: undefined }
    const { asked } = await run(['--board', 'likes'])
    expect(asked).toEqual([{ board: 'likes', from: 'beginning', to: 'end', ...plain, apply: false, force: false }])
    const line =
      '--board likes --from 0:1 --to 2026-11-21T08:00:00Z --topic a b --seed-from-database --checkpoint c --into k'
    const more = await run([...line.split(' '), '--apply', '--force', '--file', 'f', '--json'])
    expect(more.asked).toMatchObject([
      { from: '0:1', topics: ['a', 'b'], file: 'f', seed: true, checkpoint: 'c', into: 'k', apply: true, force: true },
    ])
  })

  it.each([
    [[], /required option '-b, --board <name>' not specified/],
    [['--board', 'like'], /--board like: there is no such board; did you mean likes\?; there is likes\n$/],
    [['--board', 'reads'], /reads is a counter, and counters are not replayed: .* would count it twice/],
    [['--board', 'likes', '--per', 'x'], /--per x: likes is one board, it is not split/],
    [['--board', 'likes', '--force'], /--force is of --apply or --into, and neither is there/],
    [['--board', 'likes', '--from', 'yesterday'], /--from: "yesterday" is not allowed; allowed: beginning, /],
    [['--board', 'likes', '--to', '2026-11-21T08:00:00'], /--to: .* has no time zone; write 2026-11-21T08:00:00Z/],
  ])('%j is refused with what is there', async (line, sentence) => {
    const { code, out, error, asked } = await run(line)
    expect([code, out, asked]).toEqual([2, '', []])
    expect(error).toMatch(sentence)
  })
})

describe('what is printed', () => {
  const there = [entry(1, 50), entry(2, 40), entry(3, 30)]
  const here = [entry(4, 60), entry(1, 50, 7), entry(2, 41)]

  it('for a person: counts, range, state, the board and what differs', async () => {
    const { code, out } = await run(['--board', 'likes'], reportOf(there, here))
    expect(code).toBe(0)
    expect(out).toContain('12,000 messages (11,000 changes of rows, 1 refused) in 4 s, 3,000 a second\n')
    expect(out).toContain('offsets: t/0 0 to 12000\nboard likes: 3 rows, exact\n')
    expect(out).toMatch(/^ +1 +4 +60 /m)
    expect(out).toContain('the live board differs: 1 would enter, 1 leave, 2 change\n')
    expect(out).toMatch(/^enters +4 +- +60$/m)
    expect(out).toMatch(/^leaves +3 +30 +-$/m)
    expect(out).toMatch(/^changes +1 +50 +50 +read_cnt 0 → 7$/m)
    expect(out).toMatch(/^changes +2 +40 +41 +like_cnt 40 → 41$/m)
    expect((await run(['--board', 'likes'], reportOf(here, here))).out).toMatch(/\nthe live board is the same\n$/)
  })

  it('as JSON: one object with the names that are promised', async () => {
    const { out } = await run(['--board', 'likes', '--json'], reportOf(there, here))
    const columns = { biz_id: 1, biz: 'b' }
    expect(JSON.parse(out)).toMatchObject({
      messages: 12_000,
      rows: 11_000,
      refused: 1,
      seconds: 4,
      board: [
        { key: '4', score: 60, id: 4, ...columns, read_cnt: 0, like_cnt: 60 },
        { key: '1', score: 50 },
        { key: '2', score: 41 },
      ],
      diff: {
        enter: [{ key: '4', score: 60 }],
        leave: [{ key: '3', score: 30 }],
        change: [
          { key: '1', read_cnt: 7, was: { read_cnt: 0 } },
          { key: '2', score: 41, was: { key: '2', score: 40 } },
        ],
      },
      state: 'exact',
      to: { 't/0': 12_000 },
    })
    expect(out.split('\n')).toHaveLength(2)
  })
})

describe('the progress bar', () => {
  it('is quiet where standard error is no terminal', () => {
    const stream = new PassThrough()
    const bar = progressBar(stream)
    bar.tell({ done: 1, total: 2, messages: 1 })
    bar.end()
    expect(stream.read()).toBeNull()
  })

  it.each([
    [0.4, '0 s'],
    [59.6, '1 min 0 s'],
    [200, '3 min 20 s'],
    [7_500, '2 h 5 min'],
    [Number.POSITIVE_INFINITY, '?'],
  ])('%d seconds are %s', (seconds, text) => {
    expect(inWords(seconds)).toBe(text)
  })
})
