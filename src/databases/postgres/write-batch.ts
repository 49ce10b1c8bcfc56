/**
 * Batches and offsets in one statement, for every store on Postgres; what a batch adds is passed in.
 *
 * Guarantees as of `BatchStore`. One statement is one transaction and one way to the server and back, and nothing can
 * stay open between. In it the offsets' rows are locked first, until the end; the rest happens only if they stand where
 * the span begins, under the claim's epochs. So of several who write the same span one does, and the others, who have
 * waited for its lock, find the offsets moved. Whether a call whose answer was lost was committed, the same call tells
 * when it is made again: it waits for the lock of the first, too.
 */
import { type GenericSQLExpression, raw, type SQL, type SQLFragment, sql } from 'zapatos/db'
import { RanktideError } from '../../core/errors.js'
import type { Positions } from '../../core/positions.js'
import type { Claim, Span, WriteOutcome } from '../../operators/batch-store.js'
import { claimOf, movesOf, type OffsetMove, standingOf, startsOf } from '../offset-moves.js'
import { type Additions, allOf, type Batch } from './batch-additions.js'
import type { PostgresPool } from './connection.js'
import {
  expectedOffsets,
  lockOffsets,
  moveOffsets,
  type OffsetRow,
  offsetsHold,
  raiseEpochs,
  storedOffsets,
} from './consumer-offsets.js'
import { findRefused } from './find-refused.js'

interface Locked extends OffsetRow {
  readonly holds: boolean
}

export const takePartitions = async (
  pool: PostgresPool,
  group: string,
  partitions: readonly string[],
  unknown: Positions,
): Promise<Claim> => {
  if (partitions.length === 0) return claimOf(group, new Map())
  const taking = raiseEpochs(group, startsOf(partitions, unknown))
  return claimOf(group, storedOffsets(await pool.use((session) => session.run('taking partitions', taking))))
}

const holds = sql`(SELECT holds FROM standing)`

/**
 * `standing` is computed once, before the first row is written: every condition is one look at it. Which table is written
 * first is Postgres's choice, the same for all statements of a kind; within a table it is the order of the batch.
 */
const writeStatement = (
  group: string,
  moves: ReadonlyMap<string, OffsetMove>,
  additions: Additions,
): SQLFragment<Locked[]> => {
  const added = additions(holds).map((addition, i) => sql`added_${raw(String(i))} AS (${addition}), `)
  return sql<SQL, Locked[]>`
    WITH expected AS (${expectedOffsets(moves)}), locked AS (${lockOffsets(group)}), standing AS (${offsetsHold}),
      ${added} moved AS (${moveOffsets(group, holds)})
    SELECT topic, partition_id, next_offset, epoch, ${holds} AS holds FROM locked`
}

/** Looks for the items that can't be added, in a transaction of its own that writes nothing. */
const refusedItems = (
  pool: PostgresPool,
  group: string,
  moves: ReadonlyMap<string, OffsetMove>,
  batch: Batch,
): Promise<WriteOutcome> =>
  pool.use(async (session) => {
    await session.run('beginning', sql`BEGIN`)
    const locked = sql<
      GenericSQLExpression,
      OffsetRow[]
    >`WITH expected AS (${expectedOffsets(moves)}) ${lockOffsets(group)}`
    const standing = standingOf(moves, storedOffsets(await session.run('locking offsets', locked)))
    const refused = standing === undefined ? await findRefused(session, batch) : []
    await session.run('rolling back', sql`ROLLBACK`)
    if (standing !== undefined) return standing
    if (refused.length > 0) return { kind: 'refused', items: refused }
    throw new RanktideError('DATABASE_CONFLICT', 'a row was refused that another transaction has made fit meanwhile')
  })

export const writeBatch = async (
  pool: PostgresPool,
  claim: Claim,
  span: Span,
  what: string,
  batch: Batch,
): Promise<WriteOutcome> => {
  const moves = movesOf(claim, span)
  const statement = writeStatement(claim.group, moves, allOf(batch))
  const outcome = await pool.use((session) => session.attempt(what, statement))
  if (outcome.kind === 'refused') return refusedItems(pool, claim.group, moves, batch)
  const rows = outcome.rows
  if (rows.length === moves.size && rows.every((row) => row.holds)) return { kind: 'written', repeated: false }
  const standing = standingOf(moves, storedOffsets(rows))
  if (standing !== undefined) return standing
  throw new RanktideError(
    'DATABASE_CONFLICT',
    `the offsets of group ${claim.group} were changed from outside meanwhile`,
  )
}
