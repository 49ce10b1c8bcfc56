/** Whether what a run has left in the table is what the events say. */
import type { CountedTable } from './counted-table.js'
import { bizOf, drawReads, foldItems, type ReadsOptions } from './read-events.js'

/** Fails with the first item whose count differs. */
export const checkCounts = async (table: CountedTable, reads: ReadsOptions, run: string): Promise<void> => {
  const rows = await table.query('SELECT biz, biz_id, read_cnt FROM DB.interactives')
  const found = new Map(rows.map(([biz, id, count]) => [`${biz}:${id}`, Number(count)]))
  const expected = foldItems(drawReads(reads))
  for (const [item, events] of expected) {
    const count = found.get(`${bizOf(item)}:${item}`)
    if (count !== events) throw new Error(`${run}: ${bizOf(item)} ${item} was read ${events} times, counted ${count}`)
  }
  if (found.size !== expected.length) throw new Error(`${run}: ${found.size} rows for ${expected.length} items`)
}
