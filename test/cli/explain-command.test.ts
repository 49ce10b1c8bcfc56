import { describe, expect, it } from 'vitest'
import { RanktideError } from '../../src/core/errors.js'
import type { ExplainRequest } from '../../src/operate/explain.js'
import type { Explanation } from '../../src/operate/explanation-report.js'
import { programRun } from '../support/program-run.js'

const explain = programRun('explain')

const filtered: Explanation = {
  at: '2026-11-21T08:00:00.000Z',
  board: 'likes',
  per: null,
  member: '3',
  key: { id: '3' },
  conclusion: { verdict: 'filtered', sentence: 'not on the board: filtered: status = 1 is false (status is 0)' },
  table: { name: 'webook.interactives', row: { id: '3', like_cnt: '7', status: '0', biz: 'a\x1b[2J' } },
  filter: {
    text: "status = 1 and biz <> ''",
    value: false,
    columns: [],
    parts: [
      { text: 'status = 1', value: false, columns: [{ name: 'status', value: '0' }], parts: [] },
      { text: "biz <> ''", value: true, columns: [{ name: 'biz', value: 'a' }], parts: [] },
    ],
  },
  score: '7',
  standing: null,
  stream: {
    searched: 812,
    since: '2026-11-21T07:00:00Z',
    change: {
      partition: 't/0',
      offset: 120,
      time: '2026-11-21T07:59:00Z',
      what: 'row',
      row: { id: '3', like_cnt: '7', status: '1', biz: 'a' },
      sameAsTable: false,
      applied: true,
    },
  },
  redis: {
    state: 'exact',
    reason: '',
    ageSeconds: 0.3,
    version: 5,
    owner: 'pod-1:a',
    positions: { 't/0': 130 },
    size: 10,
    rows: 8,
    entry: null,
  },
  notes: [],
  problems: [],
}

const run = async (words: readonly string[], answer: Explanation | Error = filtered) => {
  const asked: ExplainRequest[] = []
  let progress = ''
  const printed = await explain(words, {
    explain: (_config, request, tell) => {
      asked.push(request)
      tell(500)
      return answer instanceof Error ? Promise.reject(answer) : Promise.resolve(answer)
    },
    overwrite: (text) => {
      progress += `${text}|`
    },
  })
  return { ...printed, progress, asked }
}

describe('explain', () => {
  it('prints what the three say, the parts of a filter that is not true, and the conclusion', async () => {
    const { code, out, progress } = await run(['likes', '3'])
    expect(code).toBe(0)
    expect(out).toBe(`Board     likes, member 3 (id=3)
Table     webook.interactives: id=3 like_cnt=7 status=0 biz=a\\u001b[2J
Filter    status = 1 and biz <> '': false
            status = 1: false
            biz <> '': true
Score     7
Stream    t/0 offset 120, 2026-11-21T07:59:00Z: not what the table has, applied
          id=3 like_cnt=7 status=1 biz=a
Redis     does not hold it
          the board is exact, 0.3 s old, 8 of 10 rows, as of t/0:130

Not on the board: filtered: status = 1 is false (status is 0).
`)
    expect(progress).toBe('500 messages searched||')
  })

  it('hands on key, group and how far to search', async () => {
    const { asked } = await run(['likes', 'biz=a,biz_id=3', '--per', 'a', '--scan', '7d'])
    expect(asked).toEqual([{ board: 'likes', key: 'biz=a,biz_id=3', per: 'a', scanMs: 604_800_000 }])
    expect((await run(['likes', '3'])).asked[0]).toMatchObject({ per: undefined, scanMs: 3_600_000 })
  })

  it('takes a negative key behind --', async () => {
    expect((await run(['--', 'likes', '-3'])).asked[0]).toMatchObject({ key: '-3' })
  })

  it('prints one JSON object', async () => {
    const { out } = await run(['likes', '3', '--json'])
    expect(JSON.parse(out)).toEqual(filtered)
  })

  it('exits with 1 where something could not be asked, and tells what', async () => {
    const problem = {
      server: 'redis',
      what: 'the board',
      code: 'REDIS_UNREACHABLE',
      detail: 'Redis cannot be reached',
    } as const
    const { code, out } = await run(['likes', '3'], { ...filtered, redis: null, problems: [problem] })
    expect(code).toBe(1)
    expect(out).toContain('[-] not known: the board: REDIS_UNREACHABLE: Redis cannot be reached\n')
  })

  it('exits with 2 for a board that is not there, and for words that are missing', async () => {
    const missing = new RanktideError('CONFIG_INVALID', 'ranktide explain: there is no board like; did you mean likes?')
    expect(await run(['like', '3'], missing)).toMatchObject({ code: 2, error: `${missing.detail}\n` })
    expect((await run(['likes'])).code).toBe(2)
    expect((await run(['likes', '3', '--scan', 'far'])).code).toBe(2)
  })
})
