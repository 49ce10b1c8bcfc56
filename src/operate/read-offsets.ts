/**
 * Where everything stands in its topics: what Kafka has, and what really counts, which is in Redis for boards and in the
 * database for counters. Nothing is changed: a counter's group is only given again what it has committed, since Kafka
 * refuses that while the group has members.
 */
import type { Bounds } from '../core/events-lost.js'
import { behindAt, lagOf } from '../core/lag.js'
import type { Positions } from '../core/positions.js'
import { positionsOf } from '../operators/restore-positions.js'
import { readBoardStatus } from '../redis/board-status.js'
import { readFeed } from '../redis/feed-status.js'
import { boardKeys } from '../redis/keys.js'
import type { Config } from '../runtime/config.js'
import { commitOffsets } from '../sources/kafka-group-offsets.js'
import { boundsOf } from '../sources/offset-range.js'
import {
  type BoardPipeline,
  type CountingPipeline,
  chosenPipelines,
  type OffsetPipeline,
  type PipelineChoice,
} from './offset-pipelines.js'
import { type OffsetsReport, orMissingTopic, type PartitionOffsets, type PipelineOffsets } from './offset-report.js'
import { type OffsetStores, withOffsetStores } from './offset-stores.js'

export const readOffsets = (config: Config, choice: PipelineChoice): Promise<OffsetsReport> => {
  const pipelines = chosenPipelines(config, choice)
  return withOffsetStores(config, pipelines, async (stores) => {
    const found: PipelineOffsets[] = []
    for (const pipeline of pipelines) {
      const offsets = findOffsets(stores, pipeline).then((one) => one.offsets)
      found.push(await orMissingTopic(pipeline, offsets))
    }
    return { at: new Date().toISOString(), pipelines: found }
  })
}

export interface FoundOffsets {
  readonly offsets: PipelineOffsets
  readonly bounds: Bounds
  /** Of a board: the version that Redis has of it. */
  readonly version: number | undefined
}

/** What decides where a start reads on. */
interface Stand {
  readonly next: Positions | undefined
  readonly position: Positions | undefined
  readonly active: boolean | null
  readonly activity: string
  readonly state: string | null
  readonly version?: number | undefined
}

/** Fails with KAFKA_TOPIC, and with what the servers fail with. */
export const findOffsets = async (stores: OffsetStores, pipeline: OffsetPipeline): Promise<FoundOffsets> => {
  const { name, kind, group, topics } = pipeline
  const look = await stores.lookOf(group)
  const partitions = await look.partitions(topics)
  const committed = await look.committed(partitions)
  const stand =
    pipeline.kind === 'board'
      ? await boardStand(stores, pipeline)
      : await counterStand(stores, pipeline, only(committed, partitions))
  // After the positions: a lag is never told too small.
  const bounds = await boundsOf(topics, look)
  const rows = await withLags(stores, group, bounds, stand, committed)
  const { active, activity, state, version } = stand
  const missingTopic = null
  return { offsets: { name, kind, group, active, activity, state, missingTopic, partitions: rows }, bounds, version }
}

const only = (positions: Positions, ids: readonly string[]): Positions =>
  new Map([...positions].filter(([id]) => ids.includes(id)))

const boardStand = async ({ redis }: OffsetStores, { board, feed }: BoardPipeline): Promise<Stand> => {
  if (redis === undefined) throw new RangeError('boards without Redis')
  const { client, config } = redis
  const { lease, heartbeat } = await readFeed(client, config.prefix, feed.name)
  const [found] = await readBoardStatus(client, [boardKeys(config.prefix, board.name, board.zset)])
  const { meta, version } = found?.stored ?? {}
  const left = ((lease?.leftMs ?? 0) / 1_000).toFixed(1)
  const who = {
    active: lease !== undefined,
    activity:
      lease === undefined
        ? `nobody holds the lease of feed ${feed.name}`
        : `${lease.owner} holds the lease of feed ${feed.name}, which ends in ${left} s unless it is renewed`,
    version,
  }
  if (meta === undefined) return { ...who, next: undefined, position: undefined, state: null }
  const { state, reason } = meta.status
  const told = reason === '' ? state : `${state}: ${reason}`
  const vouched =
    heartbeat !== undefined && heartbeat.versions.get(board.name) === version ? heartbeat.positions : undefined
  const position = positionsOf(meta, meta.definition, vouched)
  const again = vouched === undefined ? meta.readFrom : undefined
  const next = position && new Map([...position].map(([id, at]) => [id, Math.min(at, again?.get(id) ?? at)]))
  return { ...who, next, position, state: told }
}

const counterStand = async (
  { database, addressOf }: OffsetStores,
  { group }: CountingPipeline,
  committed: Positions,
): Promise<Stand> => {
  if (database === undefined) throw new RangeError('counters without a database')
  const next = await database.read(group)
  return { next, position: next, state: null, ...(await membersOf(addressOf(group), committed)) }
}

const membersOf = async (
  address: Parameters<typeof commitOffsets>[0],
  committed: Positions,
): Promise<Pick<Stand, 'active' | 'activity'>> => {
  const { group } = address
  if (committed.size === 0)
    return {
      active: null,
      activity: `group ${group} has committed nothing in Kafka yet: whether it has members is not known`,
    }
  const answer = await commitOffsets(address, committed)
  return answer === 'taken'
    ? { active: false, activity: `group ${group} has no members` }
    : { active: true, activity: `group ${group} has members: Kafka refuses commits from outside` }
}

const withLags = async (
  stores: OffsetStores,
  group: string,
  { first, ends }: Bounds,
  { next, position }: Stand,
  committed: Positions,
): Promise<readonly PartitionOffsets[]> => {
  const known = [...ends].flatMap(([partition, end]) => {
    const at = next?.get(partition)
    const begins = first.get(partition) ?? 0
    return at === undefined ? [] : [{ partition, next: Math.max(at, begins), first: begins, end }]
  })
  const look = await stores.lookOf(group)
  const times = await look.timesAt(behindAt(known), 1_500).catch(() => new Map<string, number>())
  const now = Date.now()
  return [...ends].map(([partition, end]) => {
    const at = next?.get(partition) ?? null
    const time = times.get(partition)
    const lag = known.find((one) => one.partition === partition)
    return {
      partition,
      first: first.get(partition) ?? 0,
      end,
      committed: committed.get(partition) ?? null,
      next: at,
      position: position?.get(partition) ?? null,
      lag: at === null ? null : Math.max(0, end - at),
      lagSeconds:
        lag === undefined ? null : lagOf([lag], new Map(time === undefined ? [] : [[partition, time]]), now).seconds,
    }
  })
}
