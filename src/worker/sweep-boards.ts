/**
 * Deletes what Redis has of boards that the feed has no longer: a board that nobody keeps would say for ever what it said
 * last. Called by the feed's owner before it takes its boards.
 *
 * Which boards those are is told by the reload that removed them, and by the last owner's heartbeat: so it is done too
 * where the reload did not come to it (a process that was killed), and where the configuration changed by a restart. Every
 * board is taken before it is deleted, so an earlier owner is fenced and can't bring it back.
 *
 * Whoever else shares the prefix may have a board of that name by now, from other topics: where the heartbeat alone tells
 * of a board, it is looked at first. A sorted set that a configured board is told to use stays, whoever had it before.
 */
import { RanktideError } from '../core/errors.js'
import { groupName } from '../core/group-name.js'
import { parsePartitionId } from '../core/positions.js'
import type { TakenBoard } from '../operators/ports.js'
import { vouchingOf } from '../operators/published-boards.js'
import type { RedisBoardStore } from '../redis/board-store.js'
import { noZset } from '../redis/keys.js'
import type { GoneBoard } from '../runtime/reload-plan.js'
import type { FeedOwnerOptions } from './feed-owner.js'

/** Emptied as it is done. */
export interface GoneBoards {
  boards: readonly GoneBoard[]
}

type SweepOptions = Pick<
  FeedOwnerOptions,
  'name' | 'served' | 'store' | 'storeWith' | 'gone' | 'hasBoard' | 'hasZset' | 'log'
>
type Sweeping = Pick<RedisBoardStore, 'zsetOf' | 'take' | 'takeAll' | 'registered' | 'forget' | 'unregister'>

const groupsAtOnce = 500

/** `stillOurs` throws when this is no longer the replica to delete anything. */
export const sweepBoards = async (options: SweepOptions, stillOurs: () => void): Promise<void> => {
  const { served, store, gone, hasBoard } = options
  const told = gone.boards
  const { versions } = await store.confirmed()
  const kept = new Map(served.specs.map((spec) => [spec.name, spec]))
  const noted = [...versions.keys()]
    .filter((board) => !board.includes(':'))
    .flatMap((board): readonly GoneBoard[] => {
      const whole = !hasBoard(board)
      const now = kept.get(board)
      const single = now !== undefined && now.per === undefined
      const groups = versions.has(vouchingOf(board)) && (whole || single)
      if ((!whole && !groups) || told.some((one) => one.name === board)) return []
      return [{ name: board, zset: undefined, groups, whole, zsetStays: false }]
    })
  const ours: GoneBoard[] = []
  for (const board of noted) if (!board.whole || !(await isElsewhere(options, board.name))) ours.push(board)
  await sweepGone(options, [...told, ...ours], stillOurs)
  gone.boards = gone.boards.filter((board) => !told.includes(board))
}

/** The board is of topics that this feed does not have: another feed keeps it now. */
const isElsewhere = async ({ store, served }: SweepOptions, board: string): Promise<boolean> => {
  const positions = await store.positionsOf(board)
  return [...positions.keys()].some((id) => !served.topics.includes(parsePartitionId(id).topic))
}

/** The same for boards that are known. */
export const sweepGone = async (
  options: Pick<SweepOptions, 'name' | 'storeWith' | 'hasZset' | 'log'>,
  boards: readonly GoneBoard[],
  stillOurs: () => void,
): Promise<void> => {
  for (const board of boards) {
    await sweep(options, board, stillOurs)
    const told = { feed: options.name, board: board.name, groups: board.groups, whole: board.whole }
    options.log.info(told, 'Not kept any more, its keys are deleted')
  }
}

/** What is left in Redis of one board. */
const sweep = async (
  { storeWith, hasZset }: Pick<SweepOptions, 'storeWith' | 'hasZset'>,
  { name, zset, groups, whole, zsetStays }: GoneBoard,
  stillOurs: () => void,
): Promise<void> => {
  const usual: Sweeping = storeWith(new Map())
  const key = zset ?? usual.zsetOf(name)
  const stays = zsetStays || (zset === undefined && hasZset(key))
  const store: Sweeping = zset === undefined && !stays ? usual : storeWith(new Map([[name, stays ? noZset(key) : key]]))
  stillOurs()
  const taken = await store.take(name)
  if (groups) await sweepGroups(store, name, taken, stillOurs)
  if (whole) await forget(store, name, taken)
}

const sweepGroups = async (
  store: Sweeping,
  board: string,
  { epoch }: TakenBoard,
  stillOurs: () => void,
): Promise<void> => {
  const values = [...(await store.registered(board)).groups.keys()]
  for (let from = 0; from < values.length; from += groupsAtOnce) {
    stillOurs()
    const chunk = values.slice(from, from + groupsAtOnce)
    const names = chunk.map((value) => groupName(board, value))
    const taken = await store.takeAll(names)
    await Promise.all(
      names.map((name, i) => {
        const found = taken[i]
        return found === undefined ? undefined : forget(store, name, found)
      }),
    )
    // Only then: who goes on with this reads in the registry what is left.
    await store.unregister({ board, epoch }, chunk, new Map())
  }
}

const forget = async (store: Sweeping, name: string, { epoch, version }: TakenBoard): Promise<void> => {
  const { kind } = await store.forget(name, epoch, version)
  if (kind === 'fenced') throw new RanktideError('LEASE_LOST', `board ${name}, while it was removed`)
}
