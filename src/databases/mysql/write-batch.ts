/**
 * Batches and offsets in one transaction, for every store on MySQL and MariaDB; what a batch adds is passed in.
 *
 * Guarantees as of `BatchStore`: the offsets move first, and only from where they stood under the claim; their rows are
 * locked until the end, so of several who write the same span one does, and the others find the offset moved. Whether
 * a call whose answer was lost was committed, the offsets tell the next one, after it has waited for that transaction.
 */
import { setImmediate } from 'node:timers/promises'
import { RanktideError } from '../../core/errors.js'
import type { Positions } from '../../core/positions.js'
import type { Claim, RefusedItem, Span, WriteOutcome } from '../../operators/batch-store.js'
import { claimOf, movesOf, type OffsetMove, standingOf, startsOf } from '../offset-moves.js'
import type { MysqlPool, Session } from './connection.js'
import { lockOffsets, moveOffsets, raiseEpochs } from './consumer-offsets.js'
import { ServerRefusal } from './database-error.js'
import { type Ending, inTransaction } from './transaction.js'
import { checkAffected, type RowsStatement, rowRefusals } from './upsert.js'

export const takePartitions = async (
  pool: MysqlPool,
  group: string,
  partitions: readonly string[],
  unknown: Positions,
): Promise<Claim> => {
  if (partitions.length === 0) return claimOf(group, new Map())
  const starts = startsOf(partitions, unknown)
  const stored = await inTransaction(pool, async (session) => {
    await raiseEpochs(session, group, starts)
    return { commit: await lockOffsets(session, group, partitions) }
  })
  return claimOf(group, stored)
}

/** Why not all offsets moved. Those that did are put back before the others are looked at. */
const judge = async (
  session: Session,
  group: string,
  moves: ReadonlyMap<string, OffsetMove>,
): Promise<Ending<WriteOutcome>> => {
  await session.query('rolling back', 'ROLLBACK')
  const standing = standingOf(moves, await lockOffsets(session, group, moves.keys()))
  if (standing !== undefined) return { rollback: standing }
  throw new RanktideError('DATABASE_CONFLICT', `the offsets of group ${group} were changed from outside meanwhile`)
}

/** What a batch adds. */
export interface BatchSql {
  readonly statements: readonly RowsStatement[]
  /** What is carried out where a statement has affected fewer rows than it should: by default the same, which then fails. */
  readonly instead?: () => readonly RowsStatement[]
  /** After a row was refused: which items can't be added, all the rest having been tried. Default: none is ever refused. */
  readonly findRefused?: (session: Session) => Promise<readonly RefusedItem[]>
}

/** Bytes of text in one message, about: well below the least max_allowed_packet in use, 1 MiB. */
const mostText = 600_000

/** As many to a message as fit. */
const messagesOf = (statements: readonly string[]): readonly (readonly string[])[] => {
  const messages: string[][] = []
  let room = 0
  for (const statement of statements) {
    room -= statement.length
    if (room >= 0) messages.at(-1)?.push(statement)
    else {
      messages.push([statement])
      room = mostText - statement.length
    }
  }
  return messages
}

/** Error of a subquery with two rows. */
const guardFailed = 1242

/**
 * The statement, and one that fails where its rows are `unless`: nothing that stands behind it in the message is carried
 * out then. SET, since MariaDB's DO ignores the error.
 */
const guarded = (sql: string, unless: string): string =>
  `${sql};SET @guard = (SELECT 1 FROM (SELECT 1 UNION ALL SELECT 2) two WHERE ROW_COUNT() ${unless})`

/** With a look at what each statement did before the next: tells why one in which all stands together has failed. */
const inSteps = async (
  session: Session,
  group: string,
  moves: ReadonlyMap<string, OffsetMove>,
  { statements, instead }: BatchSql,
): Promise<Ending<WriteOutcome>> => {
  const { affected } = await session.query('moving offsets', moveOffsets(group, moves))
  if (affected < moves.size) return judge(session, group, moves)
  for (const statement of instead?.() ?? statements)
    checkAffected(statement, (await session.query(statement.what, statement.sql)).affected)
  return { commit: { kind: 'written', repeated: false } }
}

/**
 * The move of the offsets, what is added and COMMIT go to the server in one message, so that it never waits for this
 * process in the middle of them, holding locks; where the offsets did not move, the message ends there.
 */
const attempt = (
  pool: Pick<MysqlPool, 'use'>,
  group: string,
  moves: ReadonlyMap<string, OffsetMove>,
  batch: BatchSql,
): Promise<WriteOutcome> => {
  const move = guarded(moveOffsets(group, moves), `<> ${moves.size}`)
  const added = batch.statements.map(({ sql, least }) => guarded(sql, `< ${least}`))
  // Put together before it is its turn on the connection.
  const messages = messagesOf([move, ...added, 'COMMIT'])
  return inTransaction<WriteOutcome>(pool, async (session) => {
    try {
      for (const message of messages) await session.together('writing a batch', message)
      return { committed: { kind: 'written', repeated: false } }
    } catch (error) {
      if (!(error instanceof ServerRefusal) || error.errno !== guardFailed) throw error
      await session.query('rolling back', 'ROLLBACK')
      return inSteps(session, group, moves, batch)
    }
  })
}

export const writeBatch = async (
  pool: Pick<MysqlPool, 'use'>,
  claim: Claim,
  span: Span,
  batch: BatchSql,
): Promise<WriteOutcome> => {
  const { findRefused } = batch
  const moves = movesOf(claim, span)
  try {
    const outcome = await attempt(pool, claim.group, moves, batch)
    // The next batch, which waits for the connection, is sent before anybody works on this outcome: the server is idle.
    await setImmediate()
    return outcome
  } catch (error) {
    if (findRefused === undefined || !(error instanceof ServerRefusal) || !rowRefusals.has(error.errno)) throw error
    return inTransaction<WriteOutcome>(pool, async (session) => {
      const { affected } = await session.query('moving offsets', moveOffsets(claim.group, moves))
      if (affected < moves.size) return judge(session, claim.group, moves)
      const items = await findRefused(session)
      // What was refused fits now, or it is no item's fault: the next try tells.
      if (items.length === 0) throw error
      return { rollback: { kind: 'refused', items } }
    })
  }
}
