/**
 * Sets the offsets that count: of counters and the history in their database, in one transaction and under a raised epoch;
 * of boards in Redis, where the next start reads them. Without `execute` it only says what that would come to.
 *
 * Refused with GROUP_ACTIVE while somebody works by them. Kafka's committed offsets follow, for tools that show lag.
 */
import { asRanktideError, RanktideError } from '../core/errors.js'
import type { Positions } from '../core/positions.js'
import type { OffsetChange } from '../databases/group-offsets.js'
import { boardKeys } from '../redis/keys.js'
import { owningFeeds, setBoardOffsets } from '../redis/set-board-offsets.js'
import type { Config } from '../runtime/config.js'
import { commitOffsets } from '../sources/kafka-group-offsets.js'
import {
  type BoardPipeline,
  chosenPipelines,
  type OffsetPipeline,
  type PipelineChoice,
  pipelinesOf,
} from './offset-pipelines.js'
import { type PipelinePlan, planOf } from './offset-plan.js'
import { type OffsetStores, withOffsetStores } from './offset-stores.js'
import { checkNames, type ResetTarget, resolveTarget, targeted } from './offset-target.js'
import { type FoundOffsets, findOffsets } from './read-offsets.js'

export interface ResetReport {
  readonly executed: boolean
  readonly plans: readonly PipelinePlan[]
  /** Sentences about what was asked for and is not quite so, or what did not work and does not matter. */
  readonly notes: readonly string[]
}

interface Planned {
  readonly pipeline: OffsetPipeline
  readonly found: FoundOffsets
  readonly plan: PipelinePlan
}

/** Fails with OFFSET_INVALID, GROUP_ACTIVE, and what the servers fail with. */
export const resetOffsets = async (
  config: Config,
  choice: PipelineChoice,
  target: ResetTarget,
  execute: boolean,
): Promise<ResetReport> => {
  const among = chosenPipelines(config, choice)
  if (target.kind === 'file' && among.length === pipelinesOf(config).length) checkNames(among, target)
  const pipelines = targeted(among, target)
  return withOffsetStores(config, pipelines, async (stores) => {
    const notes: string[] = []
    const planned: Planned[] = []
    for (const pipeline of pipelines) {
      const found = await findOffsets(stores, pipeline)
      const resolved = await resolveTarget(pipeline, target, await stores.lookOf(pipeline.group))
      notes.push(...resolved.notes.filter((note) => !notes.includes(note)))
      planned.push({ pipeline, found, plan: planOf(pipeline, found.offsets, resolved.positions) })
    }
    const plans = planned.map(({ plan }) => plan)
    if (!execute) return { executed: false, plans, notes }
    const changed = planned.filter(({ plan }) => plan.action !== 'none')
    refuseActive(config, changed)
    await setAll(stores, changed)
    notes.push(...(await mirror(stores, changed)))
    return { executed: changed.length > 0, plans, notes }
  })
}

const refuseActive = ({ kafka }: Config, planned: readonly Planned[]): void => {
  const active = planned.filter(({ plan }) => plan.active === true)
  if (active.length === 0) return
  const groups = [...new Set(active.filter(({ pipeline }) => pipeline.kind !== 'board').map(({ plan }) => plan.group))]
  const who = groups.map(
    (group) =>
      `kafka-consumer-groups --bootstrap-server ${kafka.brokers[0]} --describe --members --group ${group} tells who they are`,
  )
  const told = [...new Set(active.map(({ plan }) => `${plan.name}: ${plan.activity}`))]
  throw new RanktideError(
    'GROUP_ACTIVE',
    [
      ...told,
      ...who,
      'stop all workers that run it, then do this again: a lease or a member that was killed ends within some seconds',
    ].join('; '),
  )
}

const setAll = async (stores: OffsetStores, planned: readonly Planned[]): Promise<void> => {
  const boards = planned.flatMap((one) => (one.pipeline.kind === 'board' ? [{ ...one, pipeline: one.pipeline }] : []))
  const counting = planned.filter(({ pipeline }) => pipeline.kind !== 'board')
  if (boards.length === 0) return setCounters(stores, counting)
  const { redis } = stores
  if (redis === undefined) throw new RangeError('boards without Redis')
  const feeds = [...new Set(boards.map(({ pipeline }) => pipeline.feed.name))]
  await owningFeeds(redis.client, redis.config.prefix, feeds, async (owner) => {
    await setCounters(stores, counting)
    try {
      await setBoards(stores, owner, boards)
    } catch (error) {
      const { code, detail } = asRanktideError(error)
      const done = counting.length === 0 ? '' : `; set already: ${counting.map(({ plan }) => plan.name).join(', ')}`
      throw new RanktideError(code, `${detail}${done}`, { cause: error })
    }
  })
}

const setCounters = async ({ database, addressOf }: OffsetStores, planned: readonly Planned[]): Promise<void> => {
  if (planned.length === 0) return
  if (database === undefined) throw new RangeError('counters without a database')
  for (const { plan } of planned) {
    // Nothing was committed yet, so it was not known whether there are members: now there is something to commit.
    if (plan.active !== null) continue
    const targets = new Map(plan.moves.map(({ partition, to }) => [partition, to]))
    if ((await commitOffsets(addressOf(plan.group), targets)) === 'has members')
      throw new RanktideError(
        'GROUP_ACTIVE',
        `${plan.name}: group ${plan.group} has members; stop all workers that run it`,
      )
  }
  const changes = new Map(planned.map(({ plan }) => [plan.group, changesOf(plan)]))
  const elsewhere = await database.set(changes)
  if (elsewhere.length > 0)
    throw new RanktideError(
      'GROUP_ACTIVE',
      `the offsets of ${elsewhere.join(', ')} have moved meanwhile: somebody counts; nothing was set`,
    )
}

const changesOf = ({ moves }: PipelinePlan): ReadonlyMap<string, OffsetChange> =>
  new Map(
    moves
      .filter(({ from, to }) => from !== to)
      .map(({ partition, from, to }) => [partition, { from: from ?? undefined, to }]),
  )

const setBoards = async (
  stores: OffsetStores,
  owner: string,
  planned: readonly (Planned & { readonly pipeline: BoardPipeline })[],
): Promise<void> => {
  const { redis } = stores
  if (redis === undefined) throw new RangeError('boards without Redis')
  const { client, config } = redis
  const boards = planned.map(({ pipeline, plan, found }) => {
    const { name, zset } = pipeline.board
    return {
      keys: boardKeys(config.prefix, name, zset),
      version: found.version ?? 0,
      action: plan.action === 'fill' ? ('fill' as const) : ('back' as const),
      positions: contentAt(found),
      from: readFrom(found, plan),
      reason: 'an operator set its offsets forward: it is read from its table at the next start',
    }
  })
  const moved = await setBoardOffsets(client, owner, boards, config.connection.kind === 'cluster')
  if (moved === undefined) return
  const name = planned[moved]?.plan.name
  throw new RanktideError('GROUP_ACTIVE', `${name} has changed in Redis meanwhile: a worker was at it; try again`)
}

const contentAt = ({ offsets }: FoundOffsets): Positions =>
  new Map(offsets.partitions.flatMap(({ partition, position }) => (position === null ? [] : [[partition, position]])))

/** Of every partition that the board stands in: those that are not to be moved stay where a start would read on. */
const readFrom = ({ offsets }: FoundOffsets, { moves }: PipelinePlan): Positions => {
  const targets = new Map(moves.map(({ partition, to }) => [partition, to]))
  return new Map(
    offsets.partitions.flatMap(({ partition, next }) =>
      next === null ? [] : [[partition, targets.get(partition) ?? next] as const],
    ),
  )
}

/** Kafka's own offsets. Nothing goes by them, so that they can't be set is told and no more. */
const mirror = async ({ addressOf }: OffsetStores, planned: readonly Planned[]): Promise<readonly string[]> => {
  const byGroup = new Map<string, Map<string, number>>()
  for (const { plan } of planned) {
    const positions = byGroup.get(plan.group) ?? new Map<string, number>()
    // Boards of one feed are read from the earliest of them.
    for (const { partition, to } of plan.moves) positions.set(partition, Math.min(to, positions.get(partition) ?? to))
    byGroup.set(plan.group, positions)
  }
  const notes: string[] = []
  for (const [group, positions] of byGroup) {
    const told = await commitOffsets(addressOf(group), positions).catch(
      (error: unknown) => asRanktideError(error).message,
    )
    if (told !== 'taken')
      notes.push(`the offsets that Kafka shows for group ${group} are older ones (${told}); nothing goes by them`)
  }
  return notes
}
