import { expect, it } from 'vitest'
import type { CounterSpec } from '../../../src/core/counter-spec.js'
import { updateStatements } from '../../../src/databases/mysql/update-counts.js'

const spec: CounterSpec = {
  name: 'reads',
  table: { schema: 'webook', name: 'interactives' },
  key: { biz: 'biz', bizId: 'biz_id' },
  add: new Map([
    ['read_cnt', 1],
    ['hot', -2],
  ]),
  buckets: [],
  timeZone: 'UTC',
}
const of = (biz: string, count: number) =>
  Array.from({ length: count }, (_, i) => ({ biz, bizId: String(i + 1), events: i + 5 }))

it('is one statement a kind, which finds rows by the unique key in the order of the batch', () => {
  const known = new Map([
    ['article', of('article', 2)],
    ["it's", of("it's", 1)],
  ])
  const rest =
    ' SET counted.`read_cnt` = COALESCE(counted.`read_cnt`, 0) + batch.events * 1,' +
    ' counted.`hot` = COALESCE(counted.`hot`, 0) + batch.events * -2'
  const found = (rows: string, kind: string): string =>
    `UPDATE JSON_TABLE('[${rows}]', '$[*]' COLUMNS (id BIGINT UNSIGNED PATH '$[0]', events BIGINT PATH '$[1]')) batch` +
    ' STRAIGHT_JOIN `webook`.`interactives` counted FORCE INDEX (`item`)' +
    ` ON counted.\`biz\` = ${kind} AND counted.\`biz_id\` = batch.id${rest}`
  const what = 'adding to `webook`.`interactives`'
  expect(updateStatements(spec, 'item', known)).toEqual([
    { what, sql: found('[1,5],[2,6]', "'article'"), least: 2 },
    { what, sql: found('[1,5]', "'it\\'s'"), least: 1 },
  ])
})

it('is several statements where one would be long', () => {
  const parts = updateStatements(spec, 'item', new Map([['article', of('article', 4_500)]]))
  expect(parts.map(({ least }) => least)).toEqual([2_000, 2_000, 500])
})
