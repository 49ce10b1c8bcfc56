// `ranktide explain` as a user runs it: what table, stream and Redis say of a row, and what is concluded, on real servers.
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { explain as explainTo } from '../../src/operate/explain.js'
import type { Explanation } from '../../src/operate/explanation-report.js'
import { closedPort } from '../support/closed-port.js'
import { command } from '../support/command.js'
import { configOf, InspectedBoards, type OtherServers } from '../support/inspected-boards.js'
import { databaseUrl } from '../support/stack.js'
import { until } from '../support/until.js'
import { WorkerProcess } from '../support/worker-process.js'

let boards: InspectedBoards
let worker: WorkerProcess

/** Without a process of its own, which takes longer than all it asks. */
const explainWith = (servers: OtherServers, board: string, key: string, per?: string): Promise<Explanation> =>
  explainTo(configOf(boards.yaml(servers)), { board, key, per, scanMs: 3_600_000 }, () => {})
const explain = (board: string, key: string, per?: string) => explainWith({}, board, key, per)

const sentence = async (board: string, key: string, per?: string): Promise<string> =>
  (await explain(board, key, per)).conclusion.sentence

const stateOf = async (board: string) => (await worker.board(board, board === 'kinds' ? '?per=article' : '')).state

beforeAll(async () => {
  boards = await InspectedBoards.create()
  worker = await WorkerProcess.start(boards.yaml())
  for (const board of ['likes', 'hot', 'kinds'])
    await until(`the board ${board}`, async () => (await stateOf(board)) === 'exact', 60_000)
})

afterAll(async () => {
  await worker?.stop('SIGKILL')
  await boards?.drop()
})

describe('explains', () => {
  test('a member: row, filter, score, rank, the message in the stream, and what Redis holds', async () => {
    const found = await explain('likes', '38')
    const row = { id: '38', biz: '热', status: '1', like_cnt: '380' }
    expect(found).toMatchObject({
      board: 'likes',
      per: null,
      member: '38',
      key: { id: '38' },
      conclusion: { verdict: 'on-board', sentence: 'on the board: rank 2 of 10, score 380' },
      table: { name: `webook.${boards.table}`, row },
      filter: { text: 'status = 1', value: true },
      score: '380',
      standing: { rank: 2, ties: 0, needs: null },
      stream: { change: { partition: `${boards.topic}/0`, what: 'row', row, sameAsTable: true, applied: true } },
      redis: { state: 'exact', rows: 10, size: 10, entry: { rank: 2, score: '380' } },
      notes: [],
      problems: [],
    })
    expect(JSON.parse(found.redis?.entry?.row ?? '')).toEqual({ id: 38, biz: '热', status: 1, like_cnt: 380 })
  })

  test.each([
    [['likes', '3'], 'not on the board: its score 30 is below the last place (280, id = 28): it needs 250 more'],
    [['likes', 'id=40'], 'not on the board: filtered: status = 1 is false (status is 0)'],
    [['likes', '13'], 'not on the board: its score is NULL (like_cnt is NULL)'],
    [['hot', '39'], 'on the board: rank 1 of 5, score 97.5'],
    [['hot', '37'], "not on the board: filtered: biz = 'article' is false (biz is video); id < 5 is false (id is 37)"],
    [['hot', '3'], 'not on the board: its score 7.5 is below the last place (60, id = 24): it needs 52.5 more'],
    [['kinds', '39'], 'on the board: rank 1 of 3, score 390'],
    [['kinds', '2', 'video'], 'not on the board: its biz is 热, not video; see --per 热'],
  ] as const)('%s', async ([board, key, per], expected) => {
    expect(await sentence(board, key, per)).toBe(expected)
  })

  test('a row that is not there', async () => {
    const found = await explain('likes', '99')
    expect(found.conclusion).toEqual({
      verdict: 'no-row',
      sentence: `not on the board: webook.${boards.table} has no row with id = 99`,
    })
    expect(found.stream?.change).toBeNull()
  })

  test('a tie, and a row that was deleted', async () => {
    await boards.sql(`UPDATE ${boards.table} SET like_cnt = 390 WHERE id = 38`)
    await boards.sql(`DELETE FROM ${boards.table} WHERE id = 36`)
    await until(
      'both are applied',
      async () => (await worker.board('likes')).body.includes('"id":38,"biz":"热","status":1,"like_cnt":390'),
      20_000,
    )
    expect(await sentence('likes', '38')).toBe('on the board: rank 2 of 10, score 390, which another one has, too')
    const gone = await explain('likes', '36')
    expect(gone.conclusion.verdict).toBe('no-row')
    expect(gone.stream?.change).toMatchObject({ row: null, sameAsTable: true, applied: true })
  })

  test('what is printed for people', async () => {
    const { code, out } = await command(['explain', 'likes', '40'], boards.yaml())
    expect(code).toBe(0)
    expect(out).toMatch(/^Board {5}likes, member 40 \(id=40\)\nTable {5}webook\..*\nFilter {4}status = 1: false\n/)
    expect(out).toMatch(/\nRedis {5}does not hold it\n/)
    expect(out).toMatch(/\n\nNot on the board: filtered: status = 1 is false \(status is 0\)\.\n$/)
  })
})

describe('refuses', () => {
  test('a board that is not there, by the nearest name', async () => {
    const { code, error } = await command(['explain', 'like', '3'], boards.yaml())
    expect(code).toBe(2)
    expect(error).toMatch(/has no board like; did you mean likes\? There are: likes, hot, kinds\n$/)
  })

  test.each([
    [['likes', 'x'], /id cannot be "x", but a whole number/],
    [['likes', 'ids=3'], /ids is no column of the key; did you mean id\?/],
    [['likes', '3', 'a'], /board likes is not split: --per does not fit/],
  ] as const)('%s', async ([board, key, per], expected) => {
    await expect(explain(board, key, per)).rejects.toThrow(expected)
  })
})

// From here on the owner is stopped.
describe('where the three are not the same', () => {
  test('a change that the owner has not applied', async () => {
    worker.signal('SIGSTOP')
    await boards.sql(`UPDATE ${boards.table} SET like_cnt = 395 WHERE id = 37`)
    let found: Explanation | undefined
    await until(
      'the change is in the stream, and boards are not called stale by their age',
      async () => {
        found = await explain('likes', '37')
        return found.stream?.change?.sameAsTable === true
      },
      30_000,
    )
    // The owner has been silent for longer than 3 s by now, or not: both are true.
    expect(['not-applied', 'stale']).toContain(found?.conclusion.verdict)
    expect(found?.stream?.change).toMatchObject({ applied: false, row: { like_cnt: '395' } })
    expect(found?.conclusion.sentence).toContain('Redis holds 370, the table 395')
  })

  test('what something else has written to Redis, while the owner cannot put it right', async () => {
    const redis = boards.redis.client()
    await redis.hset(`${boards.prefix}:{likes}:rows`, '39', '{"id":39,"biz":"article","status":1,"like_cnt":7}')
    const found = await explain('likes', '39')
    expect(found.conclusion.sentence).toMatch(/^Redis holds 7, the table 390/)
    redis.disconnect()
  })

  test('each server that is down is told, with what is known without it', async () => {
    const nobody = `127.0.0.1:${await closedPort()}`
    const asked = (servers: OtherServers) => explainWith(servers, 'likes', '40')
    const redis = await asked({ redis: `redis://${nobody}` })
    expect(redis.problems).toMatchObject([{ code: 'REDIS_UNREACHABLE' }])
    expect(redis.conclusion.verdict).toBe('filtered')
    const kafka = await command(['explain', 'likes', '40', '--json'], boards.yaml({ kafka: nobody }))
    expect(kafka.code).toBe(1)
    expect(JSON.parse(kafka.out)).toMatchObject({ stream: null, conclusion: { verdict: 'filtered' } })
    const database = await asked({ database: `mysql://app:hunter2@${nobody}/webook` })
    expect(database.problems).toMatchObject([{ code: 'DATABASE_UNREACHABLE' }])
    expect(database.conclusion.sentence).toBe('the table could not be asked: Redis does not hold it')
    const denied = await asked({ database: databaseUrl('mysql', 'webook').replace('app:app@', 'app:hunter2@') })
    expect(denied.problems).toMatchObject([{ code: 'DATABASE_DENIED' }])
    expect(JSON.stringify([database, denied])).not.toContain('hunter2')
  })
})
