/**
 * The writing end of a replay: a board that nobody keeps under a key of the user's choice (`--into`), and the swap into the
 * live keys (`--apply`).
 *
 * Guarantees: what is refused has written nothing; what is written is written as a whole, by one script; what Redis holds
 * already is not sent again. Only a result that says `exact` is swapped in, whatever is forced.
 */

import { diffBoards, isEmpty } from '../core/board-diff.js'
import { RanktideError } from '../core/errors.js'
import { hasPassed } from '../core/positions.js'
import type { BoardMeta } from '../operators/ports.js'
import { instanceOf } from '../redis/lease.js'
import type { FeedOwner, ReplayStore, Shadow } from '../redis/replay-store.js'
import type { ReplayedBoard, ReplayResult } from './replay-result.js'
import { planSwap, type SwapOptions } from './swap-plan.js'

export interface WrittenInto {
  readonly key: string
  /** False: the key held this very board already, and nothing was sent. */
  readonly changed: boolean
  readonly members: number
}

export interface Applied {
  readonly board: string
  /** False: Redis held it already, at these positions or later ones, and nothing was sent. */
  readonly changed: boolean
  /** What was sent: members that left, entered, and whose score or row changed. */
  readonly sent: { readonly leave: number; readonly enter: number; readonly change: number }
  /** Undefined: nothing was sent. */
  readonly version: number | undefined
  /** The replica that held the feed's lease when the board was taken from it. */
  readonly fenced: string | undefined
}

const refused = (why: string): RanktideError => new RanktideError('REPLAY_REFUSED', why)

/** A board that others write at the same time is planned anew this often. */
const attempts = 20

/** Fails with REPLAY_REFUSED where the key holds what no replay wrote, unless forced. */
export const writeInto = async (
  store: Pick<ReplayStore, 'shadow' | 'writeShadow'>,
  result: ReplayResult,
  key: string,
  force: boolean,
): Promise<WrittenInto> => {
  const board = onlyBoard(result)
  const shadow: Shadow = { board: board.name, entries: board.entries, meta: shadowMeta(result, board) }
  const written = { key, members: board.entries.length }
  const there = await store.shadow(key)
  if (there !== undefined && isSame(there, shadow)) return { ...written, changed: false }
  const outcome = await store.writeShadow(key, shadow, force)
  if (outcome.kind === 'written') return { ...written, changed: true }
  throw foreign(key, outcome.types)
}

/**
 * Fails with FEED_OWNED while a replica holds the feed's lease, unless forced, and with REPLAY_REFUSED where the result is
 * not exact, does not name every partition of the feed, or (unless forced) would turn the board back.
 */
export const applyResult = async (
  store: Pick<ReplayStore, 'owner' | 'live' | 'swap'>,
  result: ReplayResult,
  options: SwapOptions,
): Promise<Applied> => {
  const board = onlyBoard(result)
  const { state, reason } = result.status
  if (state !== 'exact')
    throw refused(
      `the result is ${state} (${reason}), and only an exact one is swapped in, --force or not; --into KEY shows it`,
    )
  for (let attempt = 0; attempt < attempts; attempt++) {
    // In this order: a replica that takes the board after the lease was found to be free makes the swap `moved`.
    const live = await store.live()
    const owner = await store.owner()
    if (owner !== undefined && !options.force) throw owned(owner)
    const plan = planSwap(live, board, result, options)
    if (plan.kind === 'refused') throw refused(plan.why)
    const applied = { board: board.name, fenced: undefined, version: undefined }
    if (plan.kind === 'nothing') return { ...applied, changed: false, sent: { leave: 0, enter: 0, change: 0 } }
    const { diff } = plan.swap
    const outcome = await store.swap(plan.swap)
    if (outcome.kind === 'moved') continue
    const known = new Set(live.entries.map(({ member }) => member))
    const touched = [...new Set([...diff.scores, ...diff.rows].map(({ member }) => member))]
    const enter = touched.filter((member) => !known.has(member)).length
    const sent = { leave: diff.leave.length, enter, change: touched.length - enter }
    return { ...applied, changed: true, version: outcome.version, fenced: owner && instanceOf(owner.owner), sent }
  }
  throw refused(`${board.name} was written by others between reading and writing it, ${attempts} times: try again`)
}

/** Before anything is read: what would be refused at the end. Fails with REPLAY_REFUSED. */
export const checkForeign = async (store: Pick<ReplayStore, 'foreign'>, key: string): Promise<void> => {
  const types = await store.foreign(key)
  if (types.length > 0) throw foreign(key, types)
}

/** The same. Fails with FEED_OWNED. */
export const checkOwner = async (store: Pick<ReplayStore, 'owner'>): Promise<void> => {
  const owner = await store.owner()
  if (owner !== undefined) throw owned(owner)
}

const owned = (owner: FeedOwner): RanktideError =>
  new RanktideError(
    'FEED_OWNED',
    `${instanceOf(owner.owner)} holds the lease for another ${owner.left} ms and renews it while it runs: stop it, and the ` +
      'standbys that would take over, or take the board from it with --force',
  )

const foreign = (key: string, types: readonly string[]): RanktideError => {
  const held = types.filter((type) => type !== 'none').join(', ')
  return refused(
    `${key} (or its rows and meta beside it) holds something that no replay wrote (${held}): name another key, or replace it with --force`,
  )
}

const onlyBoard = ({ boards, spec }: ReplayResult): ReplayedBoard => {
  const [board, ...others] = boards
  if (board !== undefined && others.length === 0) return board
  throw refused(
    board === undefined
      ? `the range tells no row of a group of ${spec.name}: there is nothing to write`
      : `${spec.name} is split into ${boards.length} boards here: --per VALUE says which one`,
  )
}

const shadowMeta = (
  { status, positions, newest, definition }: ReplayResult,
  { complete }: ReplayedBoard,
): BoardMeta => ({
  status,
  complete,
  positions,
  newest,
  definition,
})

const isSame = (a: Shadow, b: Shadow): boolean =>
  a.board === b.board &&
  isEmpty(diffBoards(a.entries, b.entries)) &&
  a.meta.status.state === b.meta.status.state &&
  a.meta.status.reason === b.meta.status.reason &&
  a.meta.complete === b.meta.complete &&
  a.meta.definition === b.meta.definition &&
  samePositions(a.meta.positions, b.meta.positions) &&
  samePositions(a.meta.newest ?? new Map(), b.meta.newest ?? new Map())

const samePositions = (a: ReadonlyMap<string, number>, b: ReadonlyMap<string, number>): boolean =>
  a.size === b.size && hasPassed(a, b) && hasPassed(b, a)
