// A table spread over three partitions: rows keep their order, what crosses partitions is owned up to and repaired.
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { answersDuring } from '../support/answer-log.js'
import { Interactives } from '../support/interactives.js'
import type { DatabaseName } from '../support/stack.js'
import { until } from '../support/until.js'
import { type Answer, WorkerProcess } from '../support/worker-process.js'

describe.each<DatabaseName>(['mariadb', 'mysql'])('three partitions on %s', (server) => {
  let table: Interactives
  let worker: WorkerProcess

  beforeAll(async () => {
    table = await Interactives.create(server, 'webook3')
    await table.insert(Array.from({ length: 120 }, (_, i) => [i + 1, i, 'b', 0, i]))
    worker = await WorkerProcess.start(table.yaml({ prefix: `three-${table.table}` }))
    await settled()
  })

  afterAll(async () => {
    await worker?.stop()
    await table?.drop()
  })

  const settled = async (): Promise<string> => {
    const expected = await table.expectedBody()
    const there = async () => {
      const { state, body } = await worker.board('likes')
      return state === 'exact' && body === expected
    }
    await until('the board', there, 20_000).catch(async () => {
      expect(await worker.board('likes')).toMatchObject({ state: 'exact', body: expected })
    })
    return expected
  }

  /** One statement on a settled board: whatever calls itself exact on the way is the table before or after it. */
  const change = async (statement: string): Promise<readonly Answer[]> => {
    const before = await table.expectedBody()
    let after = ''
    const answers = await answersDuring(worker, 'likes', async () => {
      await table.sql(statement.replace(/\bT\b/, table.table))
      after = await settled()
    })
    const exact = answers.filter(({ state }) => state === 'exact').map(({ body }) => body)
    expect(exact.filter((body) => body !== before && body !== after)).toEqual([])
    // Nor does it go back.
    expect(exact.slice(exact.indexOf(after)).filter((body) => body !== after)).toEqual([])
    return answers
  }

  /** The states as they followed each other. */
  const told = (answers: readonly Answer[]): readonly string[] =>
    answers
      .map(({ state, reason }) => `${state} ${reason}`)
      // It tells of the age alone: of a machine that stood still, of the second in which a degraded board gets well.
      .filter((text) => text !== 'stale its owner has not confirmed it lately')
      .filter((text, i, all) => text !== all[i - 1])

  test('the topic does have several partitions', async () => {
    expect(worker.logs.find(({ msg }) => msg === 'Starting the feed')).toMatchObject({ partitions: 3 })
  })

  test('rows that rise, fall, come and go: exact all the time', async () => {
    for (let i = 0; i < 10; i++) {
      for (const statement of [
        'UPDATE T SET like_cnt = -1 ORDER BY like_cnt DESC LIMIT 1',
        `UPDATE T SET like_cnt = like_cnt + 90 WHERE id = ${i * 7 + 1}`,
        'DELETE FROM T ORDER BY like_cnt DESC, id DESC LIMIT 1',
        `INSERT INTO T (id, like_cnt) VALUES (${500 + i}, ${60 + i * 9})`,
      ]) {
        const answers = await change(statement)
        expect(told(answers)).toEqual(['exact '])
      }
    }
  })

  test('so many rows fall that the board is read on: never wrong while it calls itself exact', async () => {
    for (let i = 0; i < 6; i++) {
      await table.sql(`UPDATE ${table.table} SET like_cnt = -2 ORDER BY like_cnt DESC LIMIT 12`)
    }
    await settled()
  })

  const hazards = [
    ['a changed key', 'UPDATE T SET id = id + 3000 ORDER BY like_cnt DESC, id DESC LIMIT 1', 'a key changed'],
    ['ten changed keys', 'UPDATE T SET id = id + 9000 ORDER BY like_cnt DESC, id DESC LIMIT 10', 'a key changed'],
    ['TRUNCATE', 'TRUNCATE TABLE T', 'TRUNCATE or DROP'],
  ] as const
  test.each(hazards)('%s: degraded, says why, then exact again', async (_name, statement, reason) => {
    const answers = await change(statement)
    expect(told(answers)).toEqual(['exact ', `degraded PARTITION_RACE: ${reason} on several partitions`, 'exact '])
  })

  test('rows after TRUNCATE', async () => {
    const rows = Array.from({ length: 40 }, (_, i) => `(${i + 1}, ${(i * 7) % 23})`).join(', ')
    await table.sql(`INSERT INTO ${table.table} (id, like_cnt) VALUES ${rows}`)
    await settled()
  })
})
