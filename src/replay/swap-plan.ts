/** Whether a replayed board may be put in the place of the live one, and what has to be sent for it. Pure. */
import { isWell } from '../core/board-content.js'
import { diffBoards, isEmpty } from '../core/board-diff.js'
import { replayed } from '../core/keeper-status.js'
import { furthest, hasPassed, type Positions, parsePartitionId } from '../core/positions.js'
import type { LiveBoard, Swap } from '../redis/replay-store.js'
import type { ReplayedBoard, ReplayResult } from './replay-result.js'

export type SwapPlan =
  /** Redis holds it already, at these positions or later ones. */
  | { readonly kind: 'nothing' }
  /** A sentence: why not, what is there, what to type. */
  | { readonly kind: 'refused'; readonly why: string }
  | { readonly kind: 'swap'; readonly swap: Swap }

export interface SwapOptions {
  /** All topics of the board's feed: a worker reads them from the positions of its boards. */
  readonly topics: readonly string[]
  /** Turns the board back where it is of later positions. */
  readonly force: boolean
}

type Replayed = Pick<ReplayResult, 'definition' | 'positions' | 'newest'>

export const planSwap = (
  live: LiveBoard,
  board: ReplayedBoard,
  result: Replayed,
  { topics, force }: SwapOptions,
): SwapPlan => {
  const { positions } = result
  const reached = positionsThere(live, board.name, result.definition)
  const lacking = lackingPartitions(positions, reached, topics)
  if (lacking.length > 0) return { kind: 'refused', why: `${lackText(lacking)}: a worker could not read on from there` }
  const diff = diffBoards(live.entries, board.entries)
  if (reached !== undefined && isEmpty(diff) && isThere(live, reached, board, positions)) return { kind: 'nothing' }
  const isBehind = reached !== undefined && !hasPassed(positions, reached)
  if (isBehind && !force) return { kind: 'refused', why: behindText(positions, reached) }
  const meta = {
    status: { state: 'stale', reason: replayed },
    complete: board.complete,
    positions,
    newest: result.newest,
    definition: result.definition,
  } as const
  return {
    kind: 'swap',
    swap: { live, diff, meta, provenAt: provenAt(live, board.name, result, reached !== undefined && !isBehind) },
  }
}

/** Where the board in Redis stands; undefined: what is there is no content of this definition. */
const positionsThere = (live: LiveBoard, board: string, definition: string): Positions | undefined => {
  const { meta } = live.stored
  if (meta?.definition !== definition) return undefined
  return isVouched(live, board) ? furthest(meta.positions, live.confirmation.positions) : meta.positions
}

/** The heartbeat speaks for boards that say they are the table's, in the version that it names. */
const isVouched = ({ stored, confirmation }: LiveBoard, board: string): boolean =>
  stored.meta !== undefined && isWell(stored.meta.status) && confirmation.versions.get(board) === stored.version

/** The same rows, of these positions or later ones, and nothing said of them that the replay knows better. */
const isThere = ({ stored }: LiveBoard, reached: Positions, board: ReplayedBoard, positions: Positions): boolean => {
  if (stored.meta === undefined || stored.meta.status.state === 'degraded') return false
  if (!hasPassed(reached, positions)) return false
  return !stored.meta.complete || board.complete || !hasPassed(positions, reached)
}

const lackingPartitions = (
  positions: Positions,
  reached: Positions | undefined,
  topics: readonly string[],
): readonly string[] => {
  const read = new Set([...positions.keys()].map((id) => parsePartitionId(id).topic))
  const partitions = [...(reached?.keys() ?? [])].filter((id) => !positions.has(id))
  return [...topics.filter((topic) => !read.has(topic)), ...partitions]
}

const lackText = (lacking: readonly string[]): string =>
  `the replay has not read ${lacking.join(', ')}, which the board's feed reads too`

const behindText = (positions: Positions, reached: Positions): string => {
  const behind = [...reached].filter(([id, offset]) => (positions.get(id) ?? 0) < offset)
  const told = behind.map(([id, offset]) => `${id} at ${positions.get(id)}, Redis has it as of ${offset}`)
  return `the replay would turn the board back (${told.join('; ')}): leave out --to, or turn it back with --force`
}

/**
 * As of when the replayed board is the table's: the newest commit that every partition has come up to. A board that is not
 * turned back does not get older by it.
 */
const provenAt = (live: LiveBoard, board: string, { newest }: Replayed, goesOn: boolean): number | undefined => {
  const told = newest.size === 0 ? undefined : Math.min(...newest.values())
  if (!goesOn) return told
  const known = [told, live.stored.confirmedAt, isVouched(live, board) ? live.confirmedAt : undefined]
  const times = known.filter((time) => time !== undefined)
  return times.length === 0 ? undefined : Math.max(...times)
}
