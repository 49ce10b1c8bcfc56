/** The increments of a batch, added to the counted table; items that are not there are created. */
import { param, raw, type SQLFragment, sql } from 'zapatos/db'
import type { Increment } from '../../core/count-batch.js'
import type { CounterSpec } from '../../core/counter-spec.js'
import { exactProduct } from '../exact-product.js'
import { quotedTable, sqlName } from './sql-name.js'

/**
 * As arrays, a parameter a column: measured to be twice as fast as VALUES with a parameter each, of which there are at most
 * 65,535 besides. Rows are locked in the order of the arrays. A count that is NULL is 0. Each value is cast to its column's
 * type as it is stored: what does not fit is an error.
 */
export const addCounts = (spec: CounterSpec, increments: readonly Increment[], condition: SQLFragment): SQLFragment => {
  const { key, add } = spec
  const names = [key.biz, key.bizId, ...add.keys()].map(sqlName)
  const amounts = [...add.values()].map((factor) => param(increments.map(({ events }) => exactProduct(events, factor))))
  const arrays = amounts.map((values) => sql`, ${values}::numeric[]`)
  const columns = names.map((name, i) => sql`${raw(i === 0 ? '' : ', ')}${name}`)
  const updates = [...add.keys()]
    .map(sqlName)
    .map((name, i) => sql`${raw(i === 0 ? '' : ', ')}${name} = COALESCE(t.${name}, 0) + excluded.${name}`)
  return sql`
    INSERT INTO ${raw(quotedTable(spec.table))} AS t (${columns})
    SELECT u.* FROM unnest(${param(increments.map(({ biz }) => biz))}::text[],
      ${param(increments.map(({ bizId }) => bizId))}::numeric[]${arrays}) AS u
    WHERE ${condition}
    ON CONFLICT (${sqlName(key.biz)}, ${sqlName(key.bizId)}) DO UPDATE SET ${updates}`
}
