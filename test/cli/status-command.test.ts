import { describe, expect, it } from 'vitest'
import { secondsText } from '../../src/cli/status-text.js'
import { drawn, enterScreen, leaveScreen } from '../../src/cli/watch-screen.js'
import type { BoardReport, Status } from '../../src/operate/status.js'
import { programRun } from '../support/program-run.js'

const status = programRun('status')

const likes: BoardReport = {
  name: 'likes',
  feed: 't',
  state: 'exact',
  reason: '',
  ageSeconds: 0.42,
  version: 1_795_266_481_451,
  epoch: 1_795_266_480_000,
  owner: 'pod-1:b54c',
  rows: 10,
  size: 10,
  groups: null,
  lastRead: { cause: 'refill', rows: 74, secondsAgo: 12 },
  positions: { 't/0': 120 },
  lag: { events: 0, seconds: 0 },
}

const fine: Status = {
  at: '2026-11-21T08:00:00.000Z',
  well: true,
  feeds: [
    {
      name: 't',
      topics: ['t'],
      lease: { owner: 'pod-1:b54c', seconds: 2.4 },
      confirmedSeconds: 0.42,
      partitions: [{ partition: 't/0', next: 120, first: 0, end: 120 }],
      lag: { events: 0, seconds: 0 },
    },
  ],
  boards: [likes],
  counters: [],
  deadLetters: { topic: 'ranktide.dead-letters', unsettled: 0, oldestSeconds: null, feeds: {} },
  problems: [],
}

const run = async (statuses: readonly Status[], words: string, terminal?: { columns: number; rows: number }) => {
  const stop = new AbortController()
  const left = [...statuses]
  const { code, out } = await status(words === '' ? [] : words.split(' '), {
    statusReader: () => Promise.resolve(() => Promise.resolve(left.shift() ?? fine)),
    stopSignal: () => stop.signal,
    terminal: () => terminal,
    // As Ctrl-C while the last one stands there, and the next is waited for.
    out: () => {
      if (left.length === 0) setImmediate(() => stop.abort())
    },
  })
  return { code, out }
}

describe('status', () => {
  it('prints a line a board and a feed, and that all is well', async () => {
    expect(await run([fine], '')).toEqual({
      code: 0,
      out: `BOARD  STATE  AGE    ROWS      LAG  LAST READ              VERSION          EPOCH  OWNER
likes  exact  0.4 s  10 of 10    0  refill 12 s ago  1795266481451  1795266480000  pod-1:b54c

FEED  LEASE       ENDS IN  CONFIRMED  LAG
t     pod-1:b54c  2.4 s    0.4 s ago    0

All is well.
`,
    })
  })

  it('prints reasons, boards of a split one, partitions that are behind, counters and letters; exits with 1', async () => {
    const behind = [
      { partition: 't/0', next: 100, first: 0, end: 120 },
      { partition: 't/1', next: 5, first: 0, end: 5 },
    ]
    const lag = { events: 20, seconds: 130 }
    const { code, out } = await run(
      [
        {
          ...fine,
          well: false,
          boards: [
            { ...likes, state: 'stale', reason: 'refilling', lag },
            { ...likes, name: '热榜', groups: { count: 12, notExact: 1 }, rows: 36, size: 3 },
          ],
          feeds: [{ name: 't', topics: ['t'], lease: null, confirmedSeconds: 7_300, partitions: behind, lag }],
          counters: [
            { name: 'counters.reads', group: 'g.reads', partitions: null, lag: null },
            {
              name: 'counters.likes',
              group: 'g.likes',
              partitions: [{ partition: 'r/0', next: 7, first: 9, end: 9 }],
              lag: { events: 2, seconds: 0 },
            },
          ],
          deadLetters: {
            topic: 'g.dead-letters',
            unsettled: 3,
            oldestSeconds: 200_000,
            feeds: { t: { unsettled: 3, oldestSeconds: 200_000 } },
          },
          problems: [
            {
              server: 'database',
              what: 'offsets of counters.reads',
              code: 'DATABASE_DENIED',
              detail: 'the database refuses',
            },
          ],
        },
      ],
      '',
    )
    expect(code).toBe(1)
    expect(out.split('\n').map((line) => line.replace(/ {2,}/g, '  '))).toEqual([
      'BOARD  STATE  AGE  ROWS  BOARDS  LAG  LAST READ  VERSION  EPOCH  OWNER  REASON',
      'likes  stale  0.4 s  10 of 10  -  20 (2 m 10 s)  refill 12 s ago  1795266481451  1795266480000  pod-1:b54c  refilling',
      '热榜  exact  0.4 s  36  12, 1 not exact  0  refill 12 s ago  1795266481451  1795266480000  pod-1:b54c',
      '',
      'FEED  LEASE  ENDS IN  CONFIRMED  LAG',
      't  nobody  -  2 h 1 m ago  20 (2 m 10 s)',
      '',
      'COUNTER  GROUP  PARTITIONS  LAG',
      'counters.reads  g.reads  -  -',
      'counters.likes  g.likes  1  2 (0.0 s)',
      '',
      'BEHIND  PARTITION  NEXT  END  LAG',
      'feed t  t/0  100  120  20',
      'counters.likes  r/0  7  9  2',
      '',
      '[-] counters.likes is to read offset 7; the topic has 9 to 9 of r/0: ranktide offsets show --counter likes',
      '',
      'Dead letters to settle: 3 in g.dead-letters, the oldest 2 d 7 h old (3 of t): ranktide dead-letters list',
      '',
      '[-] not known: offsets of counters.reads: DATABASE_DENIED: the database refuses',
      '',
      'Not well: not of the present: likes; not in all its boards: 热榜; events are gone before they were counted: counters.likes; not everything could be asked.',
      '',
    ])
  })

  it('does not say that nobody owns a feed where Redis could not be asked', async () => {
    const feeds = fine.feeds.map((feed) => ({
      ...feed,
      lease: null,
      confirmedSeconds: null,
      partitions: null,
      lag: null,
    }))
    const boards = [{ ...likes, state: null, reason: 'Redis could not be asked' }]
    expect((await run([{ ...fine, well: false, feeds, boards }], '')).out).toMatch(/\nt +- +- +- +-\n/)
    const stale = [{ ...likes, state: 'stale' as const }]
    expect((await run([{ ...fine, well: false, feeds, boards: stale }], '')).out).toMatch(/\nt +nobody/)
  })

  it('prints one JSON object', async () => {
    const { out, code } = await run([fine], '--json')
    expect(code).toBe(0)
    expect(out.endsWith('}\n')).toBe(true)
    expect(JSON.parse(out)).toEqual(fine)
  })

  it('refuses an interval that is none', async () => {
    expect(await run([fine], '--watch soon')).toMatchObject({ code: 2 })
    expect(await run([fine], '--watch 10ms')).toMatchObject({ code: 2 })
  })
})

describe('status --watch', () => {
  it('redraws on a terminal, on its alternate screen, and gives it back when it is stopped', async () => {
    const { out, code } = await run([fine, { ...fine, well: false }], '--watch 200ms', { columns: 80, rows: 24 })
    expect(code).toBe(0)
    expect(out.startsWith(enterScreen)).toBe(true)
    expect(out.endsWith(leaveScreen)).toBe(true)
    expect(out.split('\x1b[H')).toHaveLength(3)
    expect(out).toContain('All is well.')
  })

  it('is stopped while it waits for the next', async () => {
    expect(await run([fine], '--watch 24h')).toMatchObject({ code: 0 })
  })

  it('prints one block after the other where there is none, and with --json a line each', async () => {
    const plain = await run([fine, fine], '--watch 200ms')
    expect(plain.out).not.toContain('\x1b')
    expect(plain.out.match(/All is well/g)).toHaveLength(2)
    const json = await run([fine, fine], '--watch 200ms --json', { columns: 80, rows: 24 })
    expect(
      json.out
        .trimEnd()
        .split('\n')
        .map((line) => JSON.parse(line) as unknown),
    ).toEqual([fine, fine])
  })

  it('cuts what does not fit, and says so', () => {
    const lines = Array.from({ length: 30 }, (_, i) => `line ${i}`)
    const text = drawn(`${lines.join('\n')}\n`, { columns: 80, rows: 10 })
    expect(text.split('\r\n')).toHaveLength(10)
    expect(text).toContain('… 22 more lines')
    expect(drawn('one\n', { columns: 80, rows: 10 })).toBe('\x1b[Hone\x1b[K\r\n\x1b[J')
  })
})

it.each([
  [0.04, '0.0 s'],
  [9.96, '10 s'],
  [99.4, '99 s'],
  [100, '1 m 40 s'],
  [6_000, '1 h 40 m'],
  [172_800, '2 d 0 h'],
])('%s seconds are %s', (seconds, text) => expect(secondsText(seconds)).toBe(text))
