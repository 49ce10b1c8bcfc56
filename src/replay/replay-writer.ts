/** `--into`, `--apply` and `--force` of one replay, from the words to the sentences that are printed. */
import { RanktideError } from '../core/errors.js'
import type { RedisClient } from '../redis/client.js'
import { boardKeys } from '../redis/keys.js'
import { ReplayStore } from '../redis/replay-store.js'
import type { BoardConfig, Config } from '../runtime/config.js'
import { feedsOf } from '../runtime/feeds.js'
import type { ReplayResult } from './replay-result.js'
import { checkShadowKey } from './shadow-key.js'
import { type Applied, applyResult, checkForeign, checkOwner, type WrittenInto, writeInto } from './write-result.js'

export interface WriteWords {
  /** The sorted set of a shadow board. */
  readonly into: string | undefined
  readonly apply: boolean
  readonly force: boolean
  /** The group of a split board that is meant. */
  readonly per: string | undefined
}

/** As `--json` tells it, beside what the replay came to. */
export interface Written {
  readonly into?: WrittenInto
  readonly applied?: Applied
}

export class ReplayWriter {
  readonly #store: ReplayStore
  readonly #words: WriteWords
  readonly #config: Pick<Config, 'boards'>
  readonly #prefix: string
  readonly #db: number
  readonly #board: BoardConfig
  readonly #topics: readonly string[]

  constructor(
    config: Pick<Config, 'boards'>,
    redis: { readonly client: RedisClient; readonly prefix: string },
    board: BoardConfig,
    words: WriteWords,
  ) {
    const feed = feedsOf(config).find(({ boards }) => boards.some(({ name }) => name === board.name))
    this.#config = config
    this.#prefix = redis.prefix
    this.#db = redis.client.db
    this.#board = board
    this.#words = words
    this.#topics = feed?.topics ?? board.topics
    this.#store = new ReplayStore({ ...redis, feed: feed?.name ?? '', board: board.name, zset: board.zset })
  }

  /** Before anything is read: fails with what would be refused at the end. CONFIG_INVALID, REPLAY_REFUSED, FEED_OWNED or REDIS_*. */
  async check(): Promise<void> {
    const { into, apply, force, per } = this.#words
    if (into !== undefined) checkShadowKey(this.#config, this.#prefix, into)
    if (this.#board.per !== undefined) checkSplit(this.#board.name, { apply, into, per })
    if (into !== undefined && !force) await checkForeign(this.#store, into)
    if (apply && !force) await checkOwner(this.#store)
  }

  /** Nothing where neither was asked for. Fails with REPLAY_REFUSED, FEED_OWNED or REDIS_*. */
  async write(result: ReplayResult): Promise<Written> {
    const { into, apply, force } = this.#words
    const topics = this.#topics
    return {
      ...(into === undefined ? {} : { into: await writeInto(this.#store, result, into, force) }),
      ...(apply ? { applied: await applyResult(this.#store, result, { topics, force }) } : {}),
    }
  }

  /** A line each, with its line end. */
  text({ into, applied }: Written): string {
    return (into === undefined ? '' : this.#intoText(into)) + (applied === undefined ? '' : this.#appliedText(applied))
  }

  #intoText({ key, changed, members }: WrittenInto): string {
    const last = Math.max(0, Math.min(members, 10) - 1)
    const look = this.#board.order === 'desc' ? 'ZREVRANGE' : 'ZRANGE'
    const told = changed ? `${members} members written to ${key}` : `${key} holds these ${members} members already`
    return `${told}; nobody keeps it up to date. Look at it:  redis-cli ${this.#db === 0 ? '' : `-n ${this.#db} `}${look} ${quoted(key)} 0 ${last} WITHSCORES\n`
  }

  #appliedText({ board, changed, sent: { leave, enter, change }, version, fenced }: Applied): string {
    const { zset } = boardKeys(this.#prefix, board, this.#board.zset)
    if (!changed) return `${zset} holds this already, of these offsets or later ones: nothing was sent\n`
    const told = `${zset} swapped in as version ${version}: ${leave} left, ${enter} entered, ${change} changed`
    const next =
      fenced === undefined
        ? 'A worker that starts now goes on from these offsets.'
        : `${fenced} is fenced: it takes its boards again within seconds and reads on from these offsets.`
    return `${told}. ${next}\n`
  }
}

const quoted = (key: string): string => (/^[\w:.-]+$/.test(key) ? key : `'${key.replaceAll("'", "'\\''")}'`)

const checkSplit = (name: string, { apply, into, per }: Pick<WriteWords, 'apply' | 'into' | 'per'>): void => {
  if (apply)
    throw new RanktideError(
      'CONFIG_INVALID',
      `ranktide replay: --apply: ${name} is split (per), and its groups can't be swapped in; --into KEY --per VALUE writes one of them beside it`,
    )
  if (into !== undefined && per === undefined)
    throw new RanktideError(
      'CONFIG_INVALID',
      `ranktide replay: --into: ${name} is split: --per VALUE says which group to write`,
    )
}
