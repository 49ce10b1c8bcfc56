// Boards with a score that is an expression and a filter that rows enter and leave, from the database to HTTP.
import type { RowDataPacket } from 'mysql2/promise'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { Interactives } from '../support/interactives.js'
import type { DatabaseName } from '../support/stack.js'
import { canalTopic } from '../support/stack.js'
import { until } from '../support/until.js'
import { WorkerProcess } from '../support/worker-process.js'

const kinds = ['on', 'ON', 'off', 'on ', '上架', null] as const
const rowCount = 400

interface Row extends RowDataPacket {
  readonly id: number
  readonly biz: string | null
  readonly read_cnt: number | null
  readonly like_cnt: number
  readonly collect_cnt: number | null
}

describe.each<DatabaseName>(['mariadb', 'mysql'])('on %s', (server) => {
  let table: Interactives
  let worker: WorkerProcess

  beforeAll(async () => {
    table = await Interactives.create(server)
    await table.sql(`ALTER TABLE ${table.table} DROP KEY biz_type_id`)
    await table.sql(`INSERT INTO ${table.table} (id, biz_id, biz, read_cnt, like_cnt, collect_cnt) VALUES ?`, [
      Array.from({ length: rowCount }, (_, i) => [i + 1, i, kinds[i % 6], (i * 7) % 50, (i * 13) % 90, i % 4]),
    ])
    worker = await WorkerProcess.start(`${table.yaml({ prefix: `filters-${table.table}` })}
  hot:
    topic: ${canalTopic(server, 'webook')}
    table: webook.${table.table}
    score: like_cnt * 2 + read_cnt / collect_cnt
    where: biz = 'on' or biz = '上架' and like_cnt >= 20
    size: 5
    columns: [biz]
  quiet:
    topic: ${canalTopic(server, 'webook')}
    table: webook.${table.table}
    score: like_cnt
    where: biz not in ('on', 'off') and collect_cnt is not null
    order: asc
    ties: oldest
    size: 8
    columns: [like_cnt]
`)
  })
  afterAll(async () => {
    await worker?.stop()
    await table?.drop()
  })

  /** What both boards must show, worked out here from all rows. */
  const expected = async (): Promise<{ readonly hot: unknown; readonly quiet: unknown }> => {
    const [rows] = await table.connection.query<Row[]>(
      `SELECT id, biz, read_cnt, like_cnt, collect_cnt FROM ${table.table}`,
    )
    const hot = rows
      .filter(({ biz, like_cnt }) => biz === 'on' || (biz === '上架' && like_cnt >= 20))
      .filter(({ collect_cnt, read_cnt }) => collect_cnt !== null && collect_cnt !== 0 && read_cnt !== null)
      .map(({ id, biz, like_cnt, read_cnt, collect_cnt }) => ({
        id,
        biz,
        score: like_cnt * 2 + (read_cnt ?? 0) / (collect_cnt ?? 0),
      }))
      .sort((a, b) => b.score - a.score || b.id - a.id)
      .slice(0, 5)
    const quiet = rows
      .filter(({ biz, collect_cnt }) => biz !== null && biz !== 'on' && biz !== 'off' && collect_cnt !== null)
      .sort((a, b) => a.like_cnt - b.like_cnt || a.id - b.id)
      .slice(0, 8)
      .map(({ id, like_cnt }) => ({ id, like_cnt }))
    return { hot, quiet }
  }

  const settled = async (): Promise<void> => {
    const wanted = await expected()
    const shown = async (name: string) => {
      const { state, body } = await worker.board(name)
      return { state, data: body === '' ? undefined : (JSON.parse(body) as { data: unknown }).data }
    }
    const right = async () => ({ hot: await shown('hot'), quiet: await shown('quiet') })
    const goal = { hot: { state: 'exact', data: wanted.hot }, quiet: { state: 'exact', data: wanted.quiet } }
    await until('both boards', async () => JSON.stringify(await right()) === JSON.stringify(goal), 30_000).catch(
      async () => expect(await right()).toEqual(goal),
    )
  }

  test('are filled from the table', () => settled())

  test('follow rows that flip, fall, rise, become NULL and go', async () => {
    for (let i = 0; i < 300; i++) {
      const id = ((i * 37) % rowCount) + 1
      const set = [
        ['biz = ?', kinds[(i * 5) % 6]],
        ['like_cnt = ?', (i * 29) % 120],
        ['collect_cnt = ?', [0, 1, 2, null][i % 4]],
        ['read_cnt = ?', i % 9 === 0 ? null : i],
      ][i % 4]
      if (i % 25 === 0) await table.sql(`DELETE FROM ${table.table} WHERE id = ?`, [id])
      else await table.sql(`UPDATE ${table.table} SET ${set?.[0]} WHERE id = ?`, [set?.[1], id])
    }
    await settled()
  })

  test('are refilled when most rows leave the filter, and take them back', async () => {
    await table.sql(`UPDATE ${table.table} SET biz = 'off' WHERE like_cnt > 15`)
    await settled()
    await table.sql(`UPDATE ${table.table} SET biz = 'on', collect_cnt = 3 WHERE id % 2 = 0`)
    await settled()
  })
})
