/**
 * The statements on `consumer_offsets`, and the parts of one that writes a batch. Partitions are locked in one order
 * (topic, then number), so that writers and takers of several partitions wait for each other and do not deadlock.
 */
import { param, type SQLFragment, sql } from 'zapatos/db'
import type * as s from 'zapatos/schema'
import { parsePartitionId, partitionId } from '../../core/positions.js'
import type { OffsetMove, StoredOffset } from '../offset-moves.js'

export type OffsetRow = Pick<s.consumer_offsets.Selectable, 'topic' | 'partition_id' | 'next_offset' | 'epoch'>

export const storedOffsets = (rows: readonly OffsetRow[]): ReadonlyMap<string, StoredOffset> =>
  new Map(
    rows.map(({ topic, partition_id, next_offset, epoch }) => [
      partitionId(topic, partition_id),
      { next: Number(next_offset), epoch: Number(epoch) },
    ]),
  )

/** Topics and partitions as two parallel arrays. */
const placesOf = (ids: readonly string[]) => {
  const places = ids.map(parsePartitionId)
  return {
    topics: param(places.map(({ topic }) => topic)),
    partitions: param(places.map(({ partition }) => partition)),
  }
}

/**
 * Raises the epoch of each partition, and makes the rows that are not there. Waits for whoever is writing under the
 * epoch before. New rows begin with the time as their epoch, so that a row that somebody has deleted does not begin
 * again with an epoch that a former owner has.
 */
export const raiseEpochs = (group: string, offsets: ReadonlyMap<string, number>): SQLFragment<OffsetRow[]> => {
  const { topics, partitions } = placesOf([...offsets.keys()])
  return sql<s.consumer_offsets.SQL, OffsetRow[]>`
    INSERT INTO ${'consumer_offsets'} AS o (${'consumer_group'}, ${'topic'}, ${'partition_id'}, ${'next_offset'}, ${'epoch'})
    SELECT ${param(group)}, u.topic, u.partition_id, u.next_offset, floor(extract(epoch FROM now()) * 1000)
    FROM unnest(${topics}::text[], ${partitions}::int[], ${param([...offsets.values()])}::bigint[])
      AS u (topic, partition_id, next_offset)
    ORDER BY u.topic COLLATE "C", u.partition_id
    ON CONFLICT (${'consumer_group'}, ${'topic'}, ${'partition_id'})
      DO UPDATE SET ${'epoch'} = o.${'epoch'} + 1, ${'updated_at'} = now()
    RETURNING ${'topic'}, ${'partition_id'}, ${'next_offset'}, ${'epoch'}`
}

/** Where offsets are said to stand, and where they are to go: (topic, partition_id, start, stop, epoch). */
export const expectedOffsets = (moves: ReadonlyMap<string, OffsetMove>): SQLFragment => {
  const { topics, partitions } = placesOf([...moves.keys()])
  const values = [...moves.values()]
  const [from, to, epochs] = [values.map((m) => m.from), values.map((m) => m.to), values.map((m) => m.epoch)]
  return sql`
    SELECT * FROM unnest(${topics}::text[], ${partitions}::int[], ${param(from)}::bigint[], ${param(to)}::bigint[],
      ${param(epochs)}::bigint[]) AS u (topic, partition_id, start, stop, epoch)`
}

/** Waits for transactions under way, locks the rows that are there, and reads what those transactions have left. */
export const lockOffsets = (group: string): SQLFragment<OffsetRow[]> => sql<s.consumer_offsets.SQL, OffsetRow[]>`
  SELECT ${'topic'}, ${'partition_id'}, ${'next_offset'}, ${'epoch'} FROM ${'consumer_offsets'}
  WHERE ${'consumer_group'} = ${param(group)}
    AND (${'topic'}, ${'partition_id'}) IN (SELECT e.topic, e.partition_id FROM expected e)
  ORDER BY ${'topic'}, ${'partition_id'} FOR UPDATE`

/** Whether all of `locked` stand as expected: one row, `holds`. */
export const offsetsHold: SQLFragment = sql`
  SELECT count(*) = (SELECT count(*) FROM expected) AS holds
  FROM locked l JOIN expected e
    ON (e.topic, e.partition_id, e.start, e.epoch) = (l.topic, l.partition_id, l.next_offset, l.epoch)`

/** Moves them, if the condition holds. */
export const moveOffsets = (group: string, condition: SQLFragment): SQLFragment => sql<s.consumer_offsets.SQL>`
  UPDATE ${'consumer_offsets'} AS o SET ${'next_offset'} = e.stop, ${'updated_at'} = now()
  FROM expected e
  WHERE ${condition} AND o.${'consumer_group'} = ${param(group)}
    AND (o.${'topic'}, o.${'partition_id'}) = (e.topic, e.partition_id)`
