// The base on real servers: the suite that the rows of the stream in memory pass too, so that both give the same answers.

import { ensureMarkerTable } from '../../src/databases/mysql/marker.js'
import { MysqlBase } from '../../src/databases/mysql/mysql-base.js'
import { RefillBudget } from '../../src/databases/mysql/refill-budget.js'
import { baseConformance, type WritableBase } from '../conformance/base.js'
import { databaseNames, openSandbox } from '../support/mysql-sandbox.js'
import type { DatabaseName } from '../support/stack.js'

const openTable = async (name: DatabaseName): Promise<WritableBase> => {
  const sandbox = await openSandbox(name, 'conformance')
  const { pool, database } = sandbox
  // The column that splits compares bytes, as the stream's rows in memory do.
  await sandbox.run(
    `CREATE TABLE t (id INT NOT NULL PRIMARY KEY, n DECIMAL(12,2),
     biz VARCHAR(40) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin, KEY (n), KEY per (biz, n))`,
  )
  const marker = { database, table: 'ranktide_marker' }
  await ensureMarkerTable(pool, marker)
  const budget = new RefillBudget({ concurrency: 4, perMinute: 100_000 })
  const base = new MysqlBase({
    primary: pool,
    refill: pool,
    marker,
    feed: 'likes',
    overlapMs: 10_000,
    visibleMs: 5_000,
    budget,
  })
  return {
    base,
    shape: await sandbox.shapeOf('t', { scores: ['n'], columns: ['biz'] }),
    put: async ({ id, n, biz }) => {
      await sandbox.run(`DELETE FROM t WHERE id = ${id}`)
      await sandbox.insert('t', [[String(id), n, biz]])
    },
    move: (from, to) => sandbox.run(`UPDATE t SET id = ${to} WHERE id = ${from}`),
    remove: (id) => sandbox.run(`DELETE FROM t WHERE id = ${id}`),
    truncate: () => sandbox.run('TRUNCATE t'),
    close: async () => {
      base.close()
      budget.close()
      await sandbox.close()
    },
  }
}

for (const name of databaseNames) baseConformance(name, () => openTable(name))
