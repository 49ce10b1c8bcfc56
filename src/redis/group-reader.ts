/**
 * The groups of one split board as a replica that does not own it serves them: the last one read of each, from memory.
 *
 * Guarantees: as `BoardReader` has them for boards. Groups are read in the background, some hundred a second, and at once
 * when they are asked for; changes are followed by one subscription for all. What was read while the subscription stood
 * is known to be unchanged, so the heartbeat speaks for it; after a break each group is compared by its version, in turn.
 * Work a second: bounded, however many groups there are. Memory: one copy of each group, of `most` groups at most.
 */
import { type Entry, isWell } from '../core/board-content.js'
import { asRanktideError, type RanktideError } from '../core/errors.js'
import { groupName, valueInName } from '../core/group-name.js'
import type { BoardMeta } from '../operators/ports.js'
import type { ReadBoard } from './board-reader.js'
import { heartbeatTime, wholeNumber } from './board-reply.js'
import type { RedisClient } from './client.js'
import { boardKeys, feedKeys, splitKeys } from './keys.js'
import { readBoard } from './read-board.js'
import { readRegistry } from './read-registry.js'

export interface GroupReaderOptions {
  readonly client: RedisClient
  /** A connection of the messages'. */
  readonly subscriber: RedisClient
  readonly prefix: string
  readonly feed: string
  readonly board: string
  /** The most groups that are kept. */
  readonly most: number
  readonly failed?: (error: RanktideError) => void
  /** Monotonic, in ms. */
  readonly now?: () => number
  /** ms between two looks. */
  readonly pollEvery?: number
}

interface Cached {
  readonly entries: readonly Entry[]
  readonly meta: BoardMeta
  readonly version: number
  /** Server time in ms. */
  readonly confirmedAt: number | undefined
}

interface Known {
  board: Cached | undefined
  /** The subscription under which it is known to be unchanged; 0: it may have changed. */
  sure: number
  /** The last heartbeat (server time in ms) that spoke for it. */
  vouchedAt: number
  reading: boolean
  again: boolean
}

/** Groups that are read or compared at each look, and how many of them at the same time. */
const readsEachTime = 500
const comparedEachTime = 500
const readsAtOnce = 50
/** How often the registry may be read because of a group whose name does not tell its value, ms. */
const registryEvery = 60_000

export class GroupReader {
  readonly #options: Required<GroupReaderOptions>
  readonly #groups = new Map<string, Known>()
  #waiting = new Set<string>()
  #turn: Iterator<[string, Known]>
  /** Number of the subscription that stands; 0: none does. */
  #subscription = 0
  #subscriptions = 0
  /** The last heartbeat before which every change was heard of. */
  #beat = 0
  #serverOffset: number | undefined
  #registryAt = Number.NEGATIVE_INFINITY
  #registryDue = true
  #timer: NodeJS.Timeout | undefined
  #unsubscribe: () => void = () => {}
  #running = false
  #resting = false
  /** Counts groups that came or went. */
  changes = 0

  constructor(options: GroupReaderOptions) {
    this.#options = { now: () => performance.now(), pollEvery: 1_000, failed: () => {}, ...options }
    this.#turn = this.#groups.entries()
  }

  start(): void {
    if (this.#running) return
    this.#running = true
    const { subscriber, prefix, board } = this.#options
    const [before = '', after = ''] = splitKeys(prefix, board).changes.split('*')
    const unsubscribe = subscriber.subscribePattern(
      splitKeys(prefix, board).changes,
      (channel, version) => this.#heard(`${board}/${channel.slice(before.length, -after.length)}`, version),
      () => {
        this.#subscriptions += 1
        this.#subscription = this.#subscriptions
      },
    )
    const hearNothing = subscriber.onLost(() => {
      this.#beLost()
    })
    this.#unsubscribe = () => {
      unsubscribe()
      hearNothing()
    }
    this.#poll()
  }

  stop(): void {
    this.#running = false
    this.#unsubscribe()
    clearTimeout(this.#timer)
  }

  /** While it rests nothing is kept or followed: this replica has the groups from elsewhere. */
  rest(resting: boolean): void {
    if (resting === this.#resting) return
    this.#resting = resting
    this.#registryDue = true
    this.#registryAt = Number.NEGATIVE_INFINITY
    if (!resting) return
    this.#groups.clear()
    this.#waiting.clear()
    this.changes += 1
  }

  /** Values of the groups that are known, whether read yet or not. */
  values(): readonly string[] {
    return [...this.#groups.keys()]
  }

  get size(): number {
    return this.#groups.size
  }

  /** Undefined: not read yet, or there is none. One that may have changed is read again. */
  read(value: string): ReadBoard | undefined {
    const known = this.#groups.get(value)
    if (known?.board === undefined) return undefined
    if (known.sure === 0 || known.sure !== this.#subscription) void this.#refresh(value, known)
    return this.#shown(known.board, known)
  }

  /** Asks Redis now. Undefined: it has no such group. Fails with REDIS_* when it does not answer. */
  async load(value: string): Promise<ReadBoard | undefined> {
    const { client, prefix, board } = this.#options
    const subscription = this.#subscription
    const { stored, entries } = await readBoard(client, boardKeys(prefix, groupName(board, value)))
    const { version, meta, confirmedAt } = stored
    if (version === undefined || meta === undefined) return undefined
    const cached = { entries, meta, version, confirmedAt }
    const known = this.#groups.get(value) ?? this.#admit(value)
    if (known === undefined) return this.#shown(cached, { sure: subscription, vouchedAt: 0 })
    if (known.board === undefined || known.board.version <= version) this.#keep(value, known, cached, subscription)
    return this.#shown(cached, known)
  }

  #shown(board: Cached, { sure, vouchedAt }: Pick<Known, 'sure' | 'vouchedAt'>): ReadBoard {
    const { entries, meta, version, confirmedAt = 0 } = board
    const current = isWell(meta.status)
    const heard = sure !== 0 && sure === this.#subscription ? Math.max(vouchedAt, this.#beat) : vouchedAt
    const at = current ? Math.max(confirmedAt, heard) : confirmedAt
    const age =
      at === 0 || this.#serverOffset === undefined
        ? undefined
        : Math.max(0, this.#options.now() + this.#serverOffset - at)
    return { entries, meta, version, age }
  }

  #heard(name: string, version: string): void {
    if (this.#resting) return
    const value = valueInName(this.#options.board, name) ?? this.#valueOf(name)
    if (value === undefined) {
      this.#registryDue = true
      return
    }
    const known = this.#groups.get(value) ?? this.#admit(value)
    if (known === undefined || known.board?.version === Number(version)) return
    if (version === '0' && !known.reading) this.#forget(value)
    else void this.#refresh(value, known)
  }

  /** A name with a hash in it: one of the few long values. */
  #valueOf(name: string): string | undefined {
    for (const value of this.#groups.keys())
      if (value.length > 20 && groupName(this.#options.board, value) === name) return value
    return undefined
  }

  #admit(value: string): Known | undefined {
    if (this.#resting || this.#groups.size >= this.#options.most) return undefined
    const known: Known = { board: undefined, sure: 0, vouchedAt: 0, reading: false, again: false }
    this.#groups.set(value, known)
    this.#waiting.add(value)
    this.changes += 1
    return known
  }

  #forget(value: string): void {
    if (this.#groups.delete(value)) this.changes += 1
    this.#waiting.delete(value)
  }

  #keep(value: string, known: Known, board: Cached, subscription: number): void {
    known.board = board
    known.sure = subscription
    this.#waiting.delete(value)
  }

  /** Reads a group anew; a change that is told meanwhile is read after it. */
  async #refresh(value: string, known: Known): Promise<void> {
    const { client, prefix, board, failed } = this.#options
    if (known.sure !== 0 && known.sure === this.#subscription) known.vouchedAt = Math.max(known.vouchedAt, this.#beat)
    known.sure = 0
    known.again = known.reading
    if (known.reading) return
    known.reading = true
    try {
      do {
        known.again = false
        const subscription = this.#subscription
        const { stored, entries } = await readBoard(client, boardKeys(prefix, groupName(board, value)))
        const { version, meta, confirmedAt } = stored
        if (version !== undefined && meta !== undefined)
          this.#keep(value, known, { entries, meta, version, confirmedAt }, known.again ? 0 : subscription)
        else if (await this.#isGone(value)) this.#forget(value)
        // Flushed, or about to be published: what was read last stays until its owner has put it back.
        else this.#waiting.delete(value)
      } while (known.again && this.#running)
    } catch (error) {
      if (known.board === undefined) this.#waiting.add(value)
      failed(asRanktideError(error))
    } finally {
      known.reading = false
    }
  }

  /** Its keys are not there, and those of the split board are, whose registry does not name it. */
  async #isGone(value: string): Promise<boolean> {
    const { client, prefix, board } = this.#options
    const [kept, named] = await client.call((redis) =>
      Promise.all([
        redis.hexists(boardKeys(prefix, board).meta, 'epoch'),
        redis.hexists(splitKeys(prefix, board).registry, value),
      ]),
    )
    return kept === 1 && named === 0
  }

  #beLost(): void {
    for (const known of this.#groups.values())
      if (known.sure !== 0 && known.sure === this.#subscription) known.vouchedAt = Math.max(known.vouchedAt, this.#beat)
    this.#subscription = 0
    this.#registryDue = true
  }

  #poll(): void {
    const { pollEvery, failed } = this.#options
    this.#look()
      .catch((error: unknown) => failed(asRanktideError(error)))
      .finally(() => {
        clearTimeout(this.#timer)
        if (this.#running) this.#timer = setTimeout(() => this.#poll(), pollEvery)
      })
  }

  async #look(): Promise<void> {
    if (this.#resting) return
    await this.#hearBeat()
    if (this.#registryDue && this.#options.now() - this.#registryAt >= registryEvery) await this.#readRegistry()
    await this.#compare()
    const due = [...this.#first(this.#waiting, readsEachTime)]
    for (let i = 0; i < due.length; i += readsAtOnce)
      await Promise.all(
        due.slice(i, i + readsAtOnce).map((value) => {
          const known = this.#groups.get(value)
          return known === undefined ? undefined : this.#refresh(value, known)
        }),
      )
  }

  /** What was published before the heartbeat was read has been heard once the connection of the messages has answered. */
  async #hearBeat(): Promise<void> {
    const { client, subscriber, prefix, feed, now } = this.#options
    const reply = await client.call((redis) => redis.ranktideReadHeartbeat(feedKeys(prefix, feed).heartbeat))
    const [beat, time] = Array.isArray(reply) ? (reply as unknown[]) : []
    this.#serverOffset = Number(time) - now()
    const subscription = this.#subscription
    if (subscription === 0) return
    await subscriber.call((redis) => redis.ping())
    if (subscription === this.#subscription) this.#beat = heartbeatTime(beat) ?? this.#beat
  }

  async #readRegistry(): Promise<void> {
    const { client, prefix, board, now } = this.#options
    const registered = await readRegistry(client, splitKeys(prefix, board).registry)
    this.#registryAt = now()
    this.#registryDue = false
    for (const value of registered.keys()) if (!this.#groups.has(value)) this.#admit(value)
  }

  /** Asks for the versions of the next groups in turn that may have changed unheard. */
  async #compare(): Promise<void> {
    const { client, prefix, board } = this.#options
    const subscription = this.#subscription
    const doubtful: [string, Known][] = []
    for (let i = 0; i < this.#groups.size && doubtful.length < comparedEachTime; i++) {
      const { value: entry, done } = this.#turn.next()
      if (done === true) this.#turn = this.#groups.entries()
      else if (entry[1].board !== undefined && (entry[1].sure === 0 || entry[1].sure !== subscription))
        doubtful.push(entry)
    }
    if (doubtful.length === 0) return
    const versions = await client.call((redis) =>
      Promise.all(doubtful.map(([value]) => redis.hget(boardKeys(prefix, groupName(board, value)).meta, 'version'))),
    )
    for (const [i, [value, known]] of doubtful.entries()) {
      const version = wholeNumber(versions[i] ?? undefined)
      if (version !== undefined && version === known.board?.version && !known.reading) known.sure = subscription
      else this.#waiting.add(value)
    }
  }

  *#first(values: Iterable<string>, most: number): Iterable<string> {
    let count = 0
    for (const value of values) {
      if (count === most) return
      count += 1
      yield value
    }
  }
}
