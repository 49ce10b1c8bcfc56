/**
 * The items of a batch that can't be added, in an open transaction, of which nothing but the locks taken before is left
 * afterwards. A part that is refused is tried again as its halves: for r refused items of n about 2·r·log2(n) tries.
 */
import { raw, type SQLFragment, sql } from 'zapatos/db'
import type { RefusedItem } from '../../operators/batch-store.js'
import type { Additions, Batch } from './batch-additions.js'
import type { Session } from './connection.js'

const trial = (additions: Additions): SQLFragment => {
  const added = additions(sql`TRUE`).map(
    (one, i) => sql`${raw(i === 0 ? 'WITH' : ',')} added_${raw(String(i))} AS (${one})`,
  )
  return sql`${added} SELECT 1`
}

const refusedOf = async (
  session: Session,
  batch: Batch,
  first: number,
  end: number,
): Promise<readonly { readonly index: number; readonly why: string }[]> => {
  const outcome = await session.attempt('trying items', trial(batch.part(first, end)))
  await session.run('forgetting the trial', sql`ROLLBACK TO SAVEPOINT tried`)
  if (outcome.kind === 'done') return []
  if (end - first === 1) return [{ index: first, why: outcome.why }]
  const middle = Math.floor((first + end) / 2)
  const left = await refusedOf(session, batch, first, middle)
  return [...left, ...(await refusedOf(session, batch, middle, end))]
}

export const findRefused = async (session: Session, batch: Batch): Promise<readonly RefusedItem[]> => {
  await session.run('marking the beginning', sql`SAVEPOINT tried`)
  const refused = batch.items === 0 ? [] : await refusedOf(session, batch, 0, batch.items)
  const items: RefusedItem[] = []
  for (const { index, why } of refused) items.push({ index, detail: await batch.tell(session, why) })
  return items
}
