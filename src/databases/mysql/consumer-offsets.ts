/**
 * The statements on `consumer_offsets`. Partitions are locked in one order (topic, then number), each by its primary
 * key, so that writers and takers of several partitions wait for each other and do not deadlock.
 */
import { parsePartitionId, partitionId } from '../../core/positions.js'
import type { OffsetMove, StoredOffset } from '../offset-moves.js'
import type { Session } from './connection.js'
import { sqlInteger, sqlString } from './sql-literal.js'

interface Place {
  readonly id: string
  readonly topic: string
  readonly partition: number
}

const placesOf = (partitions: Iterable<string>): readonly Place[] =>
  [...partitions]
    .map((id) => ({ id, ...parsePartitionId(id) }))
    .sort((a, b) => Buffer.compare(Buffer.from(a.topic), Buffer.from(b.topic)) || a.partition - b.partition)

const isAt = ({ topic, partition }: Place): string =>
  `topic = ${sqlString(topic)} AND partition_id = ${sqlInteger(partition)}`

/**
 * Raises the epoch of each partition, and makes the rows that are not there. Waits for whoever is writing under the
 * epoch before. New rows begin with the time as their epoch, so that a row that somebody has deleted does not begin
 * again with an epoch that a former owner has.
 */
export const raiseEpochs = async (
  session: Session,
  group: string,
  offsets: ReadonlyMap<string, number>,
): Promise<void> => {
  const rows = placesOf(offsets.keys()).map(
    ({ id, topic, partition }) =>
      `(${sqlString(group)}, ${sqlString(topic)}, ${sqlInteger(partition)}, ${sqlInteger(offsets.get(id) ?? 0)},` +
      ' CAST(UNIX_TIMESTAMP(NOW(3)) * 1000 AS UNSIGNED))',
  )
  await session.query(
    'taking partitions',
    'INSERT INTO consumer_offsets (consumer_group, topic, partition_id, next_offset, epoch)' +
      ` VALUES ${rows.join(', ')} ON DUPLICATE KEY UPDATE epoch = epoch + 1`,
  )
}

/** Waits for transactions under way, and locks the rows that are there. */
export const lockOffsets = async (
  session: Session,
  group: string,
  partitions: Iterable<string>,
): Promise<ReadonlyMap<string, StoredOffset>> => {
  const places = placesOf(partitions)
  const { rows } = await session.query(
    'reading offsets',
    'SELECT topic, partition_id, next_offset, epoch FROM consumer_offsets FORCE INDEX (PRIMARY)' +
      ` WHERE consumer_group = ${sqlString(group)} AND (${places.map(isAt).join(' OR ')}) FOR UPDATE`,
  )
  return new Map(
    rows.map(([topic, partition, next, epoch]) => [
      partitionId(topic ?? '', Number(partition)),
      { next: Number(next), epoch: Number(epoch) },
    ]),
  )
}

/**
 * Moves the offsets that stand where they are said to, under their epochs; it affects as many rows. In one statement without a look
 * before: it waits for other transactions and then judges what they have left, as a locking read would.
 */
export const moveOffsets = (group: string, moves: ReadonlyMap<string, OffsetMove>): string => {
  const places = placesOf(moves.keys()).map((place) => ({ at: isAt(place), move: moves.get(place.id) }))
  const where = places.map(
    ({ at, move }) =>
      `(${at} AND next_offset = ${sqlInteger(move?.from ?? 0)} AND epoch = ${sqlInteger(move?.epoch ?? 0)})`,
  )
  const next = places.map(({ at, move }) => `WHEN ${at} THEN ${sqlInteger(move?.to ?? 0)}`)
  return (
    `UPDATE consumer_offsets FORCE INDEX (PRIMARY) SET next_offset = CASE ${next.join(' ')} ELSE next_offset END` +
    ` WHERE consumer_group = ${sqlString(group)} AND (${where.join(' OR ')})`
  )
}
