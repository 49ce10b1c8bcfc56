// A storm that always deletes the first item: the table is asked within its budget, and readers are told the truth.
import { expect, test } from 'vitest'
import { answersDuring } from '../support/answer-log.js'
import { Interactives } from '../support/interactives.js'
import { QueryLog } from '../support/query-log.js'
import { until } from '../support/until.js'
import { WorkerProcess } from '../support/worker-process.js'

const perMinute = 4
const rows = 6_000
const deleted = 3_000

/**
 * The most of these times, ms, that lie within a minute, less the seconds that may pass between a reading's turn and its
 * query: its marker has to be seen first.
 */
const mostInAMinute = (times: readonly number[]): number =>
  Math.max(...times.map((from) => times.filter((time) => time >= from && time < from + 55_000).length))

test('3,000 deletions of the first item, 4 queries a minute', { timeout: 300_000 }, async () => {
  const table = await Interactives.create('mariadb')
  await table.insert(Array.from({ length: rows }, (_, i) => [i + 1, i, 'b', 0, i]))
  const log = await QueryLog.start('mariadb')
  const yaml = table
    .yaml({ prefix: `storm-${table.table}` })
    .replace(/database: \{(.*)\}/, `database: {$1, refill: { perMinute: ${perMinute} }}`)
  const worker = await WorkerProcess.start(yaml)
  try {
    const had = new Set<string>()
    const settled = async (): Promise<void> => {
      const expected = await table.expectedBody()
      await until(
        'the board',
        async () => {
          const { state, body } = await worker.board('likes')
          return state === 'exact' && body === expected
        },
        150_000,
      )
    }
    await settled()
    had.add(await table.expectedBody())
    const answers = await answersDuring(worker, 'likes', async () => {
      for (let i = 0; i < deleted; i++) {
        await table.sql(`DELETE FROM ${table.table} WHERE id = ${rows - i}`)
        // What the table holds now is known without asking it: the ids are the ranks.
        had.add(bodyFrom(rows - i - 1))
      }
      await settled()
    })
    expect(had.has(await table.expectedBody())).toBe(true)
    const wrong = answers.filter(({ state, body }) => state === 'exact' && !had.has(body))
    expect(wrong).toEqual([])
    // The budget was not enough, and the board said so.
    expect(answers.some(({ state, reason }) => state === 'stale' && reason === 'refilling')).toBe(true)
    const times = await log.readTimes(table.table, [table.connection])
    expect(times.length).toBeGreaterThan(perMinute)
    expect(mostInAMinute(times)).toBeLessThanOrEqual(perMinute)
  } finally {
    await worker.stop()
    await log.stop()
    await table.drop()
  }
})

/** The body while `best` is the greatest id that is left. */
const bodyFrom = (best: number): string => {
  const data = Array.from({ length: 10 }, (_, rank) => {
    const id = best - rank
    return { id, biz_id: id - 1, biz: 'b', read_cnt: 0, like_cnt: id - 1 }
  })
  return JSON.stringify({ code: 200, msg: '查询成功', data })
}
