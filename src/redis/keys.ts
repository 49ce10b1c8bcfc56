/**
 * The names of everything in Redis, made from prefix, board and feed.
 *
 * Guarantee: all keys of one board are in one hash slot, and so are all keys of one feed, so that a script may touch
 * them together in a cluster; two boards never share a key unless their zset keys were configured to be equal.
 */
import { RanktideError } from '../core/errors.js'

export interface BoardKeys {
  /** Sorted set: member, score. */
  readonly zset: string
  /** Hash: member → JSON of the row. */
  readonly rows: string
  /** Hash: state, reason, epoch, owner, version and where the feed stands. */
  readonly meta: string
  /** Pub/sub channel; a message is the board's new version. Not a key, so it needs no slot. */
  readonly changes: string
}

export interface FeedKeys {
  /** String: the owner id of the replica that owns the feed; expires with the lease. */
  readonly lease: string
  /** String (JSON): when the feed's owner last confirmed its boards, and at which positions. */
  readonly heartbeat: string
  /** Hash: boards that the owner is asked to repair. */
  readonly heal: string
}

export interface SplitKeys {
  /** Hash: value of each group → the version last vouched for, or ''. In one slot with the split board's own meta. */
  readonly registry: string
  /** Pattern of the channels of all groups. */
  readonly changes: string
}

const withPrefix = (prefix: string, rest: string): string => (prefix === '' ? rest : `${prefix}:${rest}`)

const refuseBraces = (what: string, text: string): void => {
  if (/[{}]/.test(text))
    throw new RanktideError('CONFIG_INVALID', `${what} ${JSON.stringify(text)} holds a brace; Redis slots need those`)
}

/** The part of a key that Redis Cluster hashes, as its specification has it; undefined: the whole key is hashed. */
const hashTag = (key: string): string | undefined => {
  const open = key.indexOf('{')
  const close = open < 0 ? -1 : key.indexOf('}', open + 1)
  return close > open + 1 ? key.slice(open + 1, close) : undefined
}

/**
 * `zset` replaces the name of the sorted set, word for word: other programs read it. The rows and meta keys then move
 * into its slot: they take its hash tag, or, where it has none, its whole name as their tag (a key without a tag and a
 * key tagged with that name have the same slot). A name in which that is impossible (a `}` outside a tag) is refused.
 * A tag that is not the board's own is followed by the board's name, since another board may use the same tag.
 */
export const boardKeys = (prefix: string, board: string, zset?: string): BoardKeys => {
  refuseBraces('the prefix', prefix)
  refuseBraces('the board name', board)
  const key = zset ?? withPrefix(prefix, `{${board}}`)
  const tag = hashTag(key) ?? key
  if (tag === key && tag.includes('}'))
    throw new RanktideError('CONFIG_INVALID', `the zset key ${JSON.stringify(key)} holds a brace outside a hash tag`)
  const stem = withPrefix(prefix, tag === board ? `{${tag}}` : `{${tag}}:${board}`)
  return {
    zset: key,
    rows: `${stem}:rows`,
    meta: `${stem}:meta`,
    changes: withPrefix(prefix, `{${board}}:changes`),
  }
}

/**
 * A board that nobody keeps, under a name that its writer chose: rows and meta stand beside it, in its slot. Names in which
 * that is impossible are refused, as `boardKeys` does.
 */
export const shadowKeys = (key: string): Omit<BoardKeys, 'changes'> => {
  const tag = hashTag(key)
  if (key === '' || (tag === undefined && key.includes('}')))
    throw new RanktideError(
      'CONFIG_INVALID',
      key === '' ? 'the key is empty' : `the key ${JSON.stringify(key)} holds a brace outside a hash tag`,
    )
  const stem = tag === undefined ? `{${key}}` : key
  return { zset: key, rows: `${stem}:rows`, meta: `${stem}:meta` }
}

/** A sorted set that is not there, with which the board's other keys are those that they are with `zset`. */
export const noZset = (zset: string): string => `{${hashTag(zset) ?? zset}}:none`

export const feedKeys = (prefix: string, feed: string): FeedKeys => {
  refuseBraces('the prefix', prefix)
  refuseBraces('the feed name', feed)
  const stem = withPrefix(prefix, `{feed:${feed}}`)
  return { lease: `${stem}:lease`, heartbeat: `${stem}:heartbeat`, heal: `${stem}:heal` }
}

/** What a split board has beside the keys of its groups and its own, which are those of any board. */
export const splitKeys = (prefix: string, board: string): SplitKeys => {
  refuseBraces('the prefix', prefix)
  refuseBraces('the board name', board)
  return {
    registry: withPrefix(prefix, `{${board}}:groups`),
    changes: withPrefix(prefix, `{${board}/*}:changes`),
  }
}
