import { createServer, type RequestListener, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, describe, expect, test } from 'vitest'
import { HttpReader } from '../../scripts/bad-day-parts/http-reader.js'
import type { Read, Verdict } from '../../scripts/bad-day-parts/judge.js'
import { LikesTable, rowJson } from '../../scripts/bad-day-parts/likes-table.js'
import { RecoveryWatch } from '../../scripts/bad-day-parts/recovery-watch.js'
import { toldBy } from '../../scripts/bad-day-parts/redis-reader.js'
import { isPassed, reportLines } from '../../scripts/bad-day-parts/report.js'
import { seededChance, shuffled } from '../../scripts/bad-day-parts/seeded-chance.js'
import { shownRate, Tally } from '../../scripts/bad-day-parts/tally.js'
import { TrueHistory } from '../../scripts/bad-day-parts/true-history.js'

const told = { content: 'c', state: 'exact', reason: '', age: 0.25, version: 3 }
const read: Read = { source: 'http a', asked: 'http', began: 1_500, ended: 1_501, told }
const current: Verdict = { kind: 'current', lag: 40 }

describe('the number', () => {
  const tallyOf = (...verdicts: readonly Verdict[]): Tally => {
    const tally = new Tally(1_000)
    for (const verdict of verdicts) tally.add(read, verdict, '')
    return tally
  }
  const late: Verdict = { kind: 'violation', rule: 'late', truth: 'out of date for 1.20 s' }

  test('is the share of truthful reads among those that are not excused', () => {
    const excused: Verdict = { kind: 'excused', why: 'away' }
    const { rate, reads, excused: left } = tallyOf(current, { kind: 'honest', lag: 9 }, current, late, excused).number()
    expect([rate, reads, left]).toEqual([75, 5, 1])
  })

  test('is 0 with one lie, and with no read at all', () => {
    const lie: Verdict = { kind: 'violation', rule: 'claimed exact, too old', truth: '' }
    const { rate, lies } = tallyOf(...Array.from({ length: 9_999 }, () => current), lie).number()
    expect([rate, lies]).toEqual([0, 1])
    expect(tallyOf().number().rate).toBe(0)
  })

  test('is reached at 99.9 %, not by rounding, and only if the boards end exact', () => {
    const almost = tallyOf(...Array.from({ length: 998 }, () => current), late).number()
    expect(shownRate(almost.rate)).toBe('99.899 %')
    expect(isPassed(almost, true)).toBe(false)
    const reached = tallyOf(...Array.from({ length: 999 }, () => current), late).number()
    expect(isPassed(reached, true)).toBe(true)
    expect(isPassed(reached, false)).toBe(false)
  })

  test('comes with every violation: when, who, what was claimed, what was true', () => {
    const tally = tallyOf(current, late)
    const result = {
      passed: false,
      number: tally.number(),
      endsExact: true,
      worstLag: tally.worstLag,
      bareBehind: 0,
      statements: 10,
      seconds: 1,
      seed: 1,
      faults: [],
      counts: Object.fromEntries(tally.counts),
      unrecovered: [],
      unexpectedEnds: 0,
      violations: tally.violations,
    }
    const lines = reportLines(result)
    expect(lines[0]).toBe(
      '0.500 s  http a  late\n    claimed  exact, age 0.25, version 3: c\n    true     out of date for 1.20 s',
    )
    expect(lines.at(-1)).toBe('truthful reads: 50.000 % (goal 99.9 %): FAILED')
  })
})

describe('the model of the table', () => {
  const played = (steps: number) => {
    const table = new LikesTable('t', 10, seededChance(1))
    const statements = [table.restock(), table.restock(), table.restock()]
    for (let i = 0; i < steps; i += 1) statements.push(table.next())
    return { table, statements }
  }

  /** What the statements make of an empty table, by a second way: rows in a map, and a sort of texts. */
  const boardOf = (statements: ReturnType<typeof played>['statements']): string => {
    const rows = new Map<number, { id: number; reads: number; likes: number | null }>()
    for (const { sql, values } of statements) {
      if (sql.startsWith('TRUNCATE')) rows.clear()
      if (sql.startsWith('DELETE')) for (const id of (values as number[][])[0] ?? []) rows.delete(id)
      if (sql.startsWith('INSERT'))
        for (const [id = 0, , , reads = 0, likes] of (values as number[][][])[0] ?? [])
          rows.set(id, { id, reads, likes: likes ?? null })
    }
    const ranked = [...rows.values()].filter(({ likes }) => likes !== null)
    const key = ({ likes, id }: (typeof ranked)[number]) => (likes ?? 0) * 1e6 + id
    const best = ranked.sort((a, b) => key(b) - key(a)).slice(0, 10)
    return best.map(rowJson).join(',')
  }

  test('has the board that its statements make', () => {
    const { table, statements } = played(500)
    expect(table.content).toBe(boardOf(statements))
    statements.push(table.purge(100))
    expect(table.content).toBe(boardOf(statements))
    statements.push(table.truncate())
    expect(table.content).toBe('')
    for (let i = 0; i < 20; i += 1) statements.push(table.next())
    expect(table.content).toBe(boardOf(statements))
  })

  test('is filled and emptied, changed in every way, and stays small', () => {
    const { table, statements } = played(5_000)
    expect(table.rows).toBeGreaterThanOrEqual(199)
    expect(table.rows).toBeLessThanOrEqual(600)
    const nulls = statements.filter(({ values }) => JSON.stringify(values).endsWith('null]]]'))
    const deletes = statements.filter(({ sql }) => sql.startsWith('DELETE'))
    expect(nulls.length).toBeGreaterThan(50)
    expect(deletes.length).toBeGreaterThan(300)
  })

  test('can be had again by its seed', () => {
    expect(played(200).statements).toEqual(played(200).statements)
    expect(shuffled([1, 2, 3, 4, 5], seededChance(7))).toEqual(shuffled([1, 2, 3, 4, 5], seededChance(7)))
  })
})

describe('the history', () => {
  test('forgets boards that were replaced a quarter of an hour ago', () => {
    const history = new TrueHistory()
    for (let minute = 0; minute < 20; minute += 1) {
      history.sent(`board ${minute}`, minute * 60_000)
      history.committed(minute * 60_000)
    }
    expect(history.placesOf('board 2', 1e9)).toEqual([])
    expect(history.placesOf('board 3', 1e9)).toEqual([3])
    expect(history.behind(3, 5 * 60_000)).toBe(60_000)
  })
})

describe('a reader of Redis', () => {
  const row = (id: number, likes: number): string => `{"id":${id},"like_cnt":${likes}}`
  const reply = {
    heartbeat: '{"at":10000,"owner":"a:1","versions":{"likes":7},"positions":{}}',
    members: ['9', '50', '10', '50', '3', '20'],
    rows: { '3': row(3, 20), '9': row(9, 50), '10': row(10, 50) },
    meta: { state: 'exact', reason: '', version: '7', confirmed_at: '9000' },
    time: 11_500,
  }

  test('sorts ties by key, and takes the age from the heartbeat', () => {
    expect(toldBy(reply, 'likes')).toEqual({
      content: [row(10, 50), row(9, 50), row(3, 20)].join(','),
      state: 'exact',
      reason: '',
      age: 1.5,
      version: 7,
    })
  })

  test('does not believe a heartbeat of another version, nor one of a board that is not exact', () => {
    expect(toldBy({ ...reply, meta: { ...reply.meta, version: '8' } }, 'likes').age).toBe(2.5)
    expect(toldBy({ ...reply, meta: { ...reply.meta, state: 'stale' } }, 'likes').age).toBe(2.5)
    expect(toldBy({ ...reply, heartbeat: null }, 'likes').age).toBe(2.5)
  })

  test('claims nothing that was not confirmed for three seconds', () => {
    expect(toldBy({ ...reply, time: 13_000 }, 'likes').state).toBe('exact')
    expect(toldBy({ ...reply, time: 13_001 }, 'likes').state).toBe('stale')
    const unknown = { state: 'exact', version: '8' }
    expect(toldBy({ ...reply, meta: unknown }, 'likes')).toMatchObject({ state: 'stale', age: undefined })
  })

  test('shows what does not fit together', () => {
    const first = reply.members.slice(0, 2)
    expect(toldBy({ ...reply, members: first }, 'likes').content).toContain('more rows than members')
    expect(toldBy({ ...reply, members: ['9', '51'], rows: { '9': row(9, 50) } }, 'likes').content).toContain('at 51')
    expect(toldBy({ ...reply, members: ['9', '50'], rows: {} }, 'likes').content).toContain('no row for')
  })
})

describe('a reader by HTTP', () => {
  const servers: Server[] = []
  afterEach(() => {
    for (const server of servers.splice(0)) server.closeAllConnections()
  })

  const serve = (answer: RequestListener): Promise<string> =>
    new Promise((resolve) => {
      const server = createServer(answer).listen(0, '127.0.0.1', () => {
        resolve(`http://127.0.0.1:${(server.address() as AddressInfo).port}`)
      })
      servers.push(server)
    })

  const board: RequestListener = (_request, response) => {
    response.setHeader('x-board-state', 'exact').setHeader('x-board-age', '0.5').setHeader('x-board-version', '7')
    response.end('{"code":200,"msg":"查询成功","data":[{"id":1},{"id":2}]}')
  }

  test('takes turns, and asks another one when one is away, hangs or has nothing yet', async () => {
    const [good, empty, hung] = await Promise.all([
      serve(board),
      serve((_request, response) => response.writeHead(503).end('{"code":503}')),
      serve(() => {}),
    ])
    const endpoints = [
      { name: 'good', address: good },
      { name: 'away', address: 'http://127.0.0.1:1' },
      { name: 'empty', address: empty },
      { name: 'hung', address: hung },
    ]
    const reader = new HttpReader(endpoints, '/boards/likes')
    for (const _ of endpoints) {
      const { source, told } = await reader.read()
      expect(source).toBe('http good')
      expect(told).toEqual({ content: '{"id":1},{"id":2}', state: 'exact', reason: '', age: 0.5, version: 7 })
    }
    const nobody = new HttpReader(endpoints.slice(1), '/boards/likes')
    const { told } = await nobody.read()
    expect(told).toMatchObject({ missing: expect.stringMatching(/ECONNREFUSED.*503|503.*ECONNREFUSED/) })
    reader.close()
    nobody.close()
  })
})

test('readers are served again once each was told current boards only for two seconds, and just now', () => {
  const watch = new RecoveryWatch(['a', 'b'], 0)
  const see = (source: string, at: number, verdict: Verdict = current) => watch.add(source, verdict, at)
  for (let at = 0; at <= 2_000; at += 100) see('a', at)
  expect(watch.missing(2_100)).toEqual(['b'])
  for (let at = 0; at <= 2_000; at += 100) see('b', at)
  expect(watch.recovered(1_900)).toBe(false)
  expect(watch.recovered(2_000)).toBe(true)
  see('b', 2_050, { kind: 'honest', lag: 0 })
  see('b', 2_100)
  expect(watch.recovered(2_100)).toBe(false)
  for (let at = 2_200; at <= 4_100; at += 100) see('b', at)
  expect(watch.missing(4_100)).toEqual(['a'])
})
