/**
 * The boards in Redis, for the replica that owns their feed.
 *
 * Guarantees: a publish is atomic, and is made only by the owner whose epoch is stored and only on the version that its
 * difference was made from. The requests of one call are sent together, without waiting for each other. A call that
 * fails has an unknown outcome: `take` or `inspect` tells it. Holds no board: memory is that of the calls under way.
 */

import { RanktideError } from '../core/errors.js'
import type { LastReading } from '../core/note.js'
import type { Positions } from '../core/positions.js'
import type {
  BoardInspector,
  BoardStore,
  Confirmation,
  ForgetOutcome,
  FoundBoard,
  OwnedSplit,
  PublishOutcome,
  PublishRequest,
  Registry,
  TakenBoard,
  Vouching,
} from '../operators/ports.js'
import { confirmationOf, numbersText, parseNumbersText, wholeNumber } from './board-reply.js'
import { chunksOf } from './chunks.js'
import type { RedisClient } from './client.js'
import { HealRequests } from './heal-requests.js'
import { type BoardKeys, boardKeys, type FeedKeys, feedKeys } from './keys.js'
import { readBoard } from './read-board.js'
import { FeedWitness } from './redis-witness.js'
import { RegistryStore } from './registry-store.js'
import { forgottenOf, malformed, outcomeOf, takenOf } from './script-reply.js'
import { ServerClock } from './server-clock.js'

export interface RedisBoardStoreOptions {
  readonly client: RedisClient
  readonly prefix: string
  readonly feed: string
  /** The owner id under which boards are taken: that of the lease. Asked at each call, since a new lease has a new one. */
  readonly owner: () => string
  /** Names of sorted sets that differ from the usual, per board. */
  readonly zsets?: ReadonlyMap<string, string>
  /** Told with each confirmation, by board: when its rows were last read from the database. */
  readonly readings?: ReadonlyMap<string, LastReading>
  /** Monotonic, in ms. */
  readonly now?: () => number
  /** ms since 1970: the clock of the times that are told. */
  readonly clock?: () => number
}

/** A heartbeat outlives its owner by this much: readers go on telling the true age of boards that nobody keeps. */
const heartbeatLife = 24 * 3600 * 1000

/** Boards that one call takes: a call ends well within its deadline. */
const boardsPerCall = 200

export class RedisBoardStore implements BoardStore, BoardInspector {
  readonly #options: RedisBoardStoreOptions
  readonly #feedKeys: FeedKeys
  readonly #registries: RegistryStore
  readonly #clock: ServerClock
  /** The server's time of the last confirmation, as text; empty before the first. */
  #confirmedAt = ''

  constructor(options: RedisBoardStoreOptions) {
    this.#options = options
    this.#feedKeys = feedKeys(options.prefix, options.feed)
    const { client, prefix, owner } = options
    this.#registries = new RegistryStore({ client, prefix, owner, metaOf: (board) => this.#keysOf(board).meta })
    this.#clock = new ServerClock(options.now ?? (() => performance.now()))
  }

  async take(board: string): Promise<TakenBoard> {
    const { zset, rows, meta } = this.#keysOf(board)
    const owner = this.#options.owner()
    return takenOf(await this.#options.client.call((redis) => redis.ranktideTake(zset, rows, meta, owner)))
  }

  async takeAll(boards: readonly string[]): Promise<readonly TakenBoard[]> {
    const taken: TakenBoard[] = []
    for (const chunk of chunksOf(boards, boardsPerCall)) {
      const owner = this.#options.owner()
      const keys = chunk.map((board) => this.#keysOf(board))
      const replies = await this.#options.client.call((redis) =>
        Promise.all(keys.map(({ zset, rows, meta }) => redis.ranktideTake(zset, rows, meta, owner))),
      )
      for (const reply of replies) taken.push(takenOf(reply))
    }
    return taken
  }

  async publish(requests: readonly PublishRequest[]): Promise<readonly PublishOutcome[]> {
    if (requests.length === 0) return []
    const commands = requests.map((request) => this.#publishArguments(request))
    // Written to the socket in one go; single commands rather than a pipeline, which a cluster would refuse over slots.
    const replies = await this.#options.client.call((redis) =>
      Promise.all(commands.map((command) => redis.ranktidePublish(...command))),
    )
    return replies.map(outcomeOf)
  }

  /** Fails with LEASE_LOST where another owner holds the feed's lease. */
  async confirm(positions: Positions, versions: ReadonlyMap<string, number> = new Map(), at?: number): Promise<void> {
    const { heartbeat, lease } = this.#feedKeys
    const owner = this.#options.owner()
    const told = `"versions":${numbersText(versions)},"positions":${numbersText(positions)}`
    const rest = `"owner":${JSON.stringify(owner)},${told}${this.#readings(versions, at)}}`
    const sent = String(this.#clock.estimate() ?? '')
    const behind = this.#behind(at)
    const reply = await this.#options.client
      .call((redis) => redis.ranktideConfirm(heartbeat, lease, owner, sent, rest, heartbeatLife, behind))
      .catch((error: unknown) => {
        throw error instanceof RanktideError && error.detail.includes('FENCED')
          ? new RanktideError('LEASE_LOST', `feed ${this.#options.feed}`)
          : error
      })
    const time = wholeNumber(String(reply))
    if (time === undefined) throw malformed('confirm')
    this.#confirmedAt = String((sent === '' ? time : Math.min(Number(sent), time)) - behind)
    this.#clock.read(time)
  }

  /** Of the boards that are told; how long before the time that is confirmed, so that clocks need not agree. */
  #readings(versions: ReadonlyMap<string, number>, confirmed: number | undefined): string {
    const told = [...(this.#options.readings ?? [])].filter(([board]) => versions.has(board))
    if (told.length === 0) return ''
    const as = confirmed ?? (this.#options.clock ?? Date.now)()
    const readings = told.map(([board, { cause, rows, at }]) => [board, { cause, rows, ago: as - at }])
    return `,"readings":${JSON.stringify(Object.fromEntries(readings))}`
  }

  /** How long ago that was, ms. */
  #behind(at: number | undefined): number {
    return at === undefined ? 0 : Math.max(0, Math.round((this.#options.clock ?? Date.now)() - at))
  }

  async confirmed(): Promise<Confirmation> {
    return confirmationOf(await this.#options.client.call((redis) => redis.get(this.#feedKeys.heartbeat)))
  }

  registered(board: string): Promise<Registry> {
    return this.#registries.registered(board)
  }

  register(split: OwnedSplit, values: readonly string[]): Promise<boolean> {
    return this.#registries.register(split, values)
  }

  vouch(split: OwnedSplit, vouching: Vouching): Promise<boolean> {
    return this.#registries.vouch(split, vouching)
  }

  unregister(
    split: OwnedSplit,
    values: readonly string[],
    positions: Positions,
    numbers?: Pick<Vouching, 'number' | 'after'>,
  ): Promise<boolean> {
    return this.#registries.unregister(split, values, positions, numbers)
  }

  async forget(board: string, epoch: number, base: number): Promise<ForgetOutcome> {
    const { zset, rows, meta, changes } = this.#keysOf(board)
    const owner = this.#options.owner()
    return forgottenOf(
      await this.#options.client.call((redis) => redis.ranktideForget(zset, rows, meta, epoch, owner, base, changes)),
    )
  }

  async versions(boards: readonly string[]): Promise<readonly (number | undefined)[]> {
    const replies = await this.#options.client.call((redis) =>
      Promise.all(boards.map((board) => redis.hget(this.#keysOf(board).meta, 'version'))),
    )
    return replies.map((text) => wholeNumber(text ?? undefined))
  }

  /** The name of the board's sorted set. */
  zsetOf(board: string): string {
    return this.#keysOf(board).zset
  }

  /** Of which the board says to be; empty where it is not there or says nothing. */
  async positionsOf(board: string): Promise<Positions> {
    const { meta } = this.#keysOf(board)
    const text = await this.#options.client.call((redis) => redis.hget(meta, 'positions'))
    return parseNumbersText(text ?? undefined) ?? new Map()
  }

  async inspect(board: string): Promise<FoundBoard | undefined> {
    const { stored, entries, strays } = await readBoard(this.#options.client, this.#keysOf(board))
    const { epoch, owner, version } = stored
    if (epoch === undefined || owner === undefined || version === undefined) return undefined
    return { epoch, owner, version, entries: [...entries, ...strays] }
  }

  /** Boards that somebody has asked their owner to repair since the last time. */
  takeHealRequests(): Promise<readonly string[]> {
    const { client, prefix, feed } = this.#options
    return new HealRequests(client, prefix, feed).take()
  }

  /** The board, or the groups of the split board, as others find it. */
  witness(board: string, definition: string, split: boolean): FeedWitness {
    const { client, prefix, feed, zsets } = this.#options
    return new FeedWitness({
      client,
      prefix,
      feed,
      definition,
      zset: zsets?.get(board),
      split: split ? board : undefined,
    })
  }

  #keysOf(board: string): BoardKeys {
    return boardKeys(this.#options.prefix, board, this.#options.zsets?.get(board))
  }

  /** As publish.lua's header has them. */
  #publishArguments({ board, epoch, base, diff, meta, provenAt }: PublishRequest): (string | number)[] {
    const keys = this.#keysOf(board)
    const sent = this.#clock.estimate()
    return [
      ...[keys.zset, keys.rows, keys.meta],
      ...[epoch, this.#options.owner(), base, keys.changes],
      ...[meta.status.state, meta.status.reason, meta.complete ? 1 : 0, meta.definition],
      ...[numbersText(meta.positions), numbersText(meta.newest ?? new Map())],
      ...[sent === undefined ? '' : Math.max(0, sent - this.#behind(provenAt)), this.#confirmedAt],
      ...[diff.leave.length, diff.scores.length, diff.rows.length],
      ...diff.leave,
      ...diff.scores.flatMap(({ member, score }) => [score, member]),
      ...diff.rows.flatMap(({ member, row }) => [member, row]),
    ]
  }
}
