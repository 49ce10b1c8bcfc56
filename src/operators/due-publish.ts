/** What has to be sent so that a board in Redis becomes the board here. Pure. */
import type { BoardStatus, Entry } from '../core/board-content.js'
import { diffBoards, isEmpty } from '../core/board-diff.js'
import type { Content } from '../core/board-keeper.js'
import type { BoardSnapshot } from '../core/feed-io.js'
import type { BoardMeta, PublishRequest, TakenBoard } from './ports.js'

/** A board as it is in Redis. */
export interface PublishedBoard {
  readonly epoch: number
  readonly version: number
  readonly entries: readonly Entry[]
  readonly meta: BoardMeta
  /** Redis was found to hold something else than was put there: its meta is not known, and has to be written. */
  readonly doubtful: boolean
}

/** A request, and what the board is in Redis once it is carried out. */
export interface Publish {
  readonly request: PublishRequest
  readonly entries: readonly Entry[]
}

/** Stands for the meta of a board that was never published, or whose meta could not be read. */
export const unknownMeta: BoardMeta = {
  status: { state: 'stale', reason: 'starting' },
  complete: false,
  positions: new Map(),
  definition: '',
}

const unanswering: BoardStatus = { state: 'stale', reason: 'Redis did not answer' }

/** A board as it was just taken. */
export const publishedOf = ({ epoch, version, entries, meta }: TakenBoard): PublishedBoard => ({
  epoch,
  version,
  entries,
  meta: meta ?? unknownMeta,
  doubtful: meta === undefined,
})

/**
 * The publish that makes `there` what `here` is; undefined when nothing has to be sent. `unanswered`: a publish was sent
 * and not answered, so what is sent next has to make another version.
 */
export const duePublish = (
  name: string,
  there: PublishedBoard,
  here: Pick<BoardSnapshot, 'content' | 'status'>,
  definition: string,
  unanswered: boolean,
): Publish | undefined => {
  const { content, status } = here
  // Nothing is there and nothing is here: readers keep what they read last, which an empty board would take from them.
  if (content === undefined && there.meta === unknownMeta) return undefined
  const entries = content?.entries ?? there.entries
  const meta: BoardMeta =
    content === undefined
      ? // What was found there is no board that a start may go on from: no definition fits it.
        { ...there.meta, status, definition: there.doubtful ? '' : there.meta.definition }
      : { status, ...aboutContent(content), definition }
  const diff = diffBoards(there.entries, entries)
  if (!there.doubtful && !unanswered && isEmpty(diff) && sameMeta(there.meta, meta)) return undefined
  // Only another state makes another version where no row differs.
  const same = unanswered && isEmpty(diff) && sameStatus(there.meta.status, meta.status)
  const told = same ? { ...meta, status: unanswering } : meta
  return { request: { board: name, epoch: there.epoch, base: there.version, diff, meta: told }, entries }
}

const aboutContent = (content: Content): Pick<BoardMeta, 'complete' | 'positions' | 'newest'> => ({
  complete: content.complete,
  positions: content.positions,
  ...(content.newest === undefined ? {} : { newest: content.newest }),
})

/** Positions alone are no reason to write: the heartbeat has them. */
const sameMeta = (a: BoardMeta, b: BoardMeta): boolean =>
  sameStatus(a.status, b.status) && a.complete === b.complete && a.definition === b.definition

const sameStatus = (a: BoardStatus, b: BoardStatus): boolean => a.state === b.state && a.reason === b.reason
