/**
 * Batches and offsets in one transaction, for every store on MySQL and MariaDB; what a batch adds is passed in.
 *
 * Guarantees as of `BatchStore`: the offsets move first, and only from where they stood under the claim; their rows are
 * locked until the end, so of several who write the same span one does, and the others find the offset moved. Whether
 * a call whose answer was lost was committed, the offsets tell the next one, after it has waited for that transaction.
 */

import { RanktideError } from '../../core/errors.js'
import type { Positions } from '../../core/positions.js'
import type { Claim, RefusedItem, Span, WriteOutcome } from '../../operators/batch-store.js'
import type { MysqlPool, Session } from './connection.js'
import { lockOffsets, moveOffsets, type OffsetMove, raiseEpochs } from './consumer-offsets.js'
import { type Ending, inTransaction } from './transaction.js'

export const takePartitions = async (
  pool: MysqlPool,
  group: string,
  partitions: readonly string[],
  unknown: Positions,
): Promise<Claim> => {
  if (partitions.length === 0) return { group, epochs: new Map(), positions: new Map() }
  const missing = partitions.find((id) => !unknown.has(id))
  if (missing !== undefined) throw new RangeError(`no offset to begin ${missing} at`)
  const offsets = new Map(partitions.map((id) => [id, unknown.get(id) ?? 0]))
  const stored = await inTransaction(pool, async (session) => {
    await raiseEpochs(session, group, offsets)
    return { commit: await lockOffsets(session, group, partitions) }
  })
  return {
    group,
    epochs: new Map([...stored].map(([id, { epoch }]) => [id, epoch])),
    positions: new Map([...stored].map(([id, { next }]) => [id, next])),
  }
}

/** Partitions that were never taken have no epoch: none is below 0. */
const movesOf = ({ epochs }: Claim, { from, to }: Span): ReadonlyMap<string, OffsetMove> =>
  new Map(
    [...from].map(([id, start]) => [id, { from: start, to: to.get(id) ?? start, epoch: epochs.get(id) ?? 0 }] as const),
  )

/** Why not all offsets moved. Those that did are put back before the others are looked at. */
const judge = async (
  session: Session,
  group: string,
  moves: ReadonlyMap<string, OffsetMove>,
): Promise<Ending<WriteOutcome>> => {
  await session.query('rolling back', 'ROLLBACK')
  const stored = await lockOffsets(session, group, moves.keys())
  const differs = (place: 'from' | 'to') => (entry: readonly [string, OffsetMove]) => {
    const [id, move] = entry
    const found = stored.get(id)
    return found?.next !== move[place] || found.epoch !== move.epoch
  }
  if (!Array.from(moves).some(differs('to'))) return { rollback: { kind: 'written', repeated: true } }
  const partitions = Array.from(moves)
    .filter(differs('from'))
    .map(([id]) => id)
  if (partitions.length > 0) return { rollback: { kind: 'fenced', partitions } }
  throw new RanktideError('DATABASE_CONFLICT', `the offsets of group ${group} were changed from outside meanwhile`)
}

/** `add` returns what can't be added, having tried all the rest. */
export const writeBatch = (
  pool: MysqlPool,
  claim: Claim,
  span: Span,
  add: (session: Session) => Promise<readonly RefusedItem[]>,
): Promise<WriteOutcome> => {
  const moves = movesOf(claim, span)
  return inTransaction<WriteOutcome>(pool, async (session) => {
    if ((await moveOffsets(session, claim.group, moves)) < moves.size) return judge(session, claim.group, moves)
    const items = await add(session)
    return items.length === 0
      ? { commit: { kind: 'written', repeated: false } }
      : { rollback: { kind: 'refused', items } }
  })
}
