// What statements do to boards: every kind of change of a row, several tables and boards on one feed.
import { type Connection, createConnection } from 'mysql2/promise'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { answersDuring } from '../support/answer-log.js'
import { Interactives } from '../support/interactives.js'
import { sqlBody } from '../support/sql-body.js'
import { canalTopic, type DatabaseName, databaseUrl } from '../support/stack.js'
import { until } from '../support/until.js'
import { WorkerProcess } from '../support/worker-process.js'

describe.each<DatabaseName>(['mariadb', 'mysql'])('statements on %s', (server) => {
  let likes: Interactives
  let sql: Connection
  let worker: WorkerProcess
  let prices: string
  let names: string
  let selects: Readonly<Record<string, string>>

  beforeAll(async () => {
    likes = await Interactives.create(server)
    sql = await createConnection(databaseUrl(server, 'webook'))
    prices = `${likes.table}_prices`
    names = `${likes.table}_names`
    await sql.query(
      `CREATE TABLE ${prices} (biz VARCHAR(64) COLLATE utf8mb4_general_ci NOT NULL, biz_id BIGINT UNSIGNED NOT NULL,
       price DECIMAL(38,4), stock BIGINT UNSIGNED, note TEXT, PRIMARY KEY (biz, biz_id), KEY price (price), KEY stock (stock))`,
    )
    await sql.query(
      `CREATE TABLE ${names} (name VARCHAR(40) COLLATE utf8mb4_general_ci NOT NULL PRIMARY KEY, points INT, KEY points (points))`,
    )
    await likes.insert(Array.from({ length: 30 }, (_, i) => [i + 1, i, 'b', 0, i]))
    selects = {
      likes: `SELECT id, biz_id, biz, read_cnt, like_cnt FROM ${likes.table} WHERE like_cnt IS NOT NULL ORDER BY like_cnt DESC, id DESC LIMIT 10`,
      worst: `SELECT id, biz, like_cnt AS score FROM ${likes.table} WHERE like_cnt IS NOT NULL ORDER BY like_cnt, id LIMIT 4`,
      cheapest: `SELECT biz, biz_id, price, stock, note FROM ${prices} WHERE price IS NOT NULL ORDER BY price, CAST(biz AS BINARY), biz_id LIMIT 5`,
      stocked: `SELECT biz, biz_id, stock FROM ${prices} WHERE stock IS NOT NULL ORDER BY stock DESC, CAST(biz AS BINARY) DESC, biz_id DESC LIMIT 3`,
      points: `SELECT name, points FROM ${names} WHERE points IS NOT NULL ORDER BY points DESC, CAST(name AS BINARY) DESC LIMIT 4`,
    }
    const topic = canalTopic(server, 'webook')
    worker = await WorkerProcess.start(`${likes.yaml({ prefix: `statements-${likes.table}` })}
  worst: { topic: ${topic}, table: ${likes.table}, score: like_cnt, order: asc, ties: oldest, size: 4, columns: [biz] }
  cheapest: { topic: ${topic}, table: ${prices}, key: [biz, biz_id], score: price, order: asc, ties: oldest, size: 5 }
  stocked: { topic: ${topic}, table: ${prices}, score: stock, size: 3, columns: [stock] }
  points: { topic: ${topic}, table: ${names}, score: points, size: 4 }
`)
    await settled()
  })

  afterAll(async () => {
    await worker?.stop()
    for (const table of [prices, names]) await sql?.query(`DROP TABLE ${table}`)
    await sql?.end()
    await likes?.drop()
  })

  /** Every board is exact and says what SQL says. */
  const settled = async (): Promise<void> => {
    for (const [board, select] of Object.entries(selects)) {
      const expected = await sqlBody(sql, select)
      const there = async () => {
        const { state, body } = await worker.board(board)
        return state === 'exact' && body === expected
      }
      await until(`board ${board}`, there, 15_000).catch(async () => {
        expect(await worker.board(board)).toMatchObject({ state: 'exact', body: expected })
      })
    }
  }

  test.each([
    ['DELETE', 'DELETE FROM T WHERE like_cnt IN (29, 25)'],
    ['a changed key', 'UPDATE T SET id = 900 WHERE id = 29'],
    ['a changed key and score at once', 'UPDATE T SET id = id + 5000, like_cnt = like_cnt - 3 WHERE id = 28'],
    ['keys that move up by one', 'UPDATE T SET id = id + 1 WHERE id BETWEEN 20 AND 27 ORDER BY id DESC'],
    ['a score that becomes NULL', 'UPDATE T SET like_cnt = NULL WHERE like_cnt = 26'],
    ['a score that is no longer NULL', 'UPDATE T SET like_cnt = 1000 WHERE like_cnt IS NULL'],
    ['a statement that changes every row', 'UPDATE T SET like_cnt = 500 - like_cnt'],
    [
      'INSERT of many rows',
      `INSERT INTO T (id, like_cnt) VALUES ${Array.from({ length: 500 }, (_, i) => `(${i + 10_000}, ${(i * 37) % 700})`)}`,
    ],
    [
      'REPLACE of a row, and of two rows by one',
      "REPLACE INTO T (id, biz_id, biz, like_cnt) VALUES (10000, 7, 'new', 9000), (77777, 5, 'b', 8000)",
    ],
    [
      'INSERT ON DUPLICATE KEY UPDATE',
      'INSERT INTO T (id, like_cnt) VALUES (10000, 1) ON DUPLICATE KEY UPDATE like_cnt = 4, read_cnt = 2',
    ],
    ['text that JSON escapes', `UPDATE T SET biz = 'Ünï😀 "q" \\\\ \\n' ORDER BY like_cnt DESC LIMIT 2`],
    ['DELETE of most rows', 'DELETE FROM T WHERE like_cnt > 30'],
    ['negative scores', 'UPDATE T SET like_cnt = -like_cnt'],
    ['TRUNCATE', 'TRUNCATE TABLE T'],
    ['rows after TRUNCATE', 'INSERT INTO T (id, like_cnt) VALUES (1, 5), (2, 5), (3, NULL)'],
    ['columns in a changed order', 'ALTER TABLE T MODIFY collect_cnt BIGINT FIRST'],
    ['rows after ALTER', "INSERT INTO T (id, biz, like_cnt) VALUES (4, 'altered', 6)"],
  ])('%s', async (_name, statement) => {
    await sql.query(statement.replace(/\bT\b/, likes.table))
    await settled()
  })

  test('transactions: all of one that commits, nothing of one that is rolled back', async () => {
    await sql.beginTransaction()
    await sql.query(`INSERT INTO ${likes.table} (id, like_cnt) VALUES (50, 70)`)
    await sql.query(`UPDATE ${likes.table} SET like_cnt = 71 WHERE id = 50`)
    await sql.query(`UPDATE ${likes.table} SET id = 51 WHERE id = 50`)
    await sql.commit()
    await sql.beginTransaction()
    await sql.query(`UPDATE ${likes.table} SET like_cnt = 99999`)
    await sql.rollback()
    await settled()
    expect((await worker.board('likes')).body).toContain('"id":51')
  })

  test('ids and scores past 2^53 are exact, and text in JSON', async () => {
    await sql.query(`INSERT INTO ${likes.table} (id, like_cnt) VALUES
      (9007199254740992, 9007199254740993), (9007199254740993, 9007199254740992), (18446744073709551614, 9007199254740993),
      (18446744073709551613, 9223372036854775807), (7, 9223372036854775806), (8, 9007199254740991)`)
    await settled()
    const { body } = await worker.board('likes', '?limit=6')
    const { data } = JSON.parse(body) as { data: readonly { id: unknown; like_cnt: unknown }[] }
    expect(data.map(({ id, like_cnt }) => [id, like_cnt])).toEqual([
      ['18446744073709551613', '9223372036854775807'],
      [7, '9223372036854775806'],
      ['18446744073709551614', '9007199254740993'],
      ['9007199254740992', '9007199254740993'],
      ['9007199254740993', '9007199254740992'],
      [8, 9007199254740991],
    ])
    await sql.query(`UPDATE ${likes.table} SET like_cnt = like_cnt - 1 WHERE id = 18446744073709551613`)
    await settled()
  })

  test('a composite key, exact decimals ascending, equal ones by bytes of the key', async () => {
    await sql.query(`INSERT INTO ${prices} VALUES
      ('a:b', 1, 10.5000, 1, NULL), ('a', 1, 10.5, 18446744073709551615, 'null'), ('Z', 2, 10.50, 18446744073709551614, ''),
      ('%3A', 3, -0.0001, NULL, 'x'), ('é', 4, 1234567890123456789012345678.1235, 3, NULL),
      ('f', 5, 1234567890123456789012345678.1234, 4, NULL), ('g', 6, NULL, 5, NULL)`)
    await settled()
    await sql.query(`UPDATE ${prices} SET price = -1 WHERE price > 1000 ORDER BY price DESC LIMIT 1`)
    await settled()
    await sql.query(`UPDATE ${prices} SET biz_id = biz_id + 1 WHERE biz = 'a'`)
    await settled()
    await sql.query(`DELETE FROM ${prices} WHERE price < 10`)
    await settled()
  })

  test('a text key whose collation takes upper and lower case for equal', async () => {
    await sql.query(
      `INSERT INTO ${names} VALUES ('ann', 5), ('Bob', 5), ('bo', 5), ('Zoë', 5), ('ärger', 5), ('10', 5), ('9', 5)`,
    )
    await settled()
    await sql.query(`UPDATE ${names} SET name = 'ANN', points = 6 WHERE name = 'ann'`)
    await settled()
    await sql.query(`UPDATE ${names} SET name = LOWER(name) WHERE name IN ('bob', 'zoë')`)
    await settled()
    await sql.query(`REPLACE INTO ${names} VALUES ('ZOË', 4)`)
    await settled()
    await sql.query(`INSERT INTO ${names} SELECT CONCAT('n', n.id), 7 FROM ${likes.table} n`)
    await settled()
  })

  test('under steady traffic each body that is called exact is one that the table had, in order', async () => {
    await sql.query(`DELETE FROM ${likes.table}`)
    await likes.insert(Array.from({ length: 120 }, (_, i) => [i + 1, i, 'b', 0, i]))
    await settled()
    const had = [await likes.expectedBody()]
    const answers = await answersDuring(worker, 'likes', async () => {
      for (let i = 0; i < 250; i++) {
        const best = `ORDER BY like_cnt DESC LIMIT 1`
        const statement = [
          `DELETE FROM ${likes.table} ${best}`,
          `UPDATE ${likes.table} SET like_cnt = ${i} % 40 ${best}`,
          `UPDATE ${likes.table} SET like_cnt = like_cnt + ${(i * 7) % 50} WHERE id = ${(i * 31) % 120}`,
          `INSERT INTO ${likes.table} (id, like_cnt) VALUES (${1000 + i}, ${(i * 13) % 140})`,
        ][(i * 5 + (i >> 3)) % 4]
        await sql.query(statement ?? '')
        had.push(await likes.expectedBody())
      }
      await settled()
    })
    const exact = answers.filter(({ state }) => state === 'exact')
    let at = 0
    for (const { body } of exact) {
      const found = had.indexOf(body, at)
      expect(found, `${body}\nis no state of the table after state ${at}`).toBeGreaterThanOrEqual(0)
      at = found
    }
    expect(exact.length).toBeGreaterThan(3)
  })
})
