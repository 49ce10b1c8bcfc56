/**
 * The lease of one feed: which replica may publish its boards and commit its offsets.
 *
 * Guarantees: at most one replica holds it at a time, as long as clocks run at about the same rate: a holder counts the
 * life of its lease from before it asked for it, by its own monotonic clock, less a margin, so it stops being holder
 * before Redis lets another one in. Where that fails (a process stopped between asking and publishing, Redis flushed,
 * failed over, or its clock set forward), the boards' epochs fence the older owner out. Memory: one id.
 *
 * While Redis is down nobody can take the lease over, and a holder cut off from Redis can't know whether anybody has. It
 * is `suspended` then: it must not publish or commit, but goes on reading its feed in memory, since it very likely is
 * still the owner when Redis comes back. It is `held` again if the lease is free or still its own, and `standby` if
 * another one has it. Whether anybody held it in between shows in the boards: `publish` says `fenced`, and they are
 * taken again.
 */
import { randomBytes } from 'node:crypto'
import { BehaviorSubject, distinctUntilChanged, map, type Observable, Subject } from 'rxjs'
import { asRanktideError, type RanktideError } from '../core/errors.js'
import type { RedisClient } from './client.js'
import { feedKeys } from './keys.js'

/** `asking`: no answer has come yet, so nobody knows whose it is. */
export type LeaseState = 'asking' | 'standby' | 'held' | 'suspended'

export interface LeaseOptions {
  readonly client: RedisClient
  readonly prefix: string
  readonly feed: string
  /** The same over restarts of one replica, different between replicas: it takes its own lease back at once. */
  readonly instance: string
  /** Monotonic, in ms. */
  readonly now?: () => number
  /** All in ms. */
  readonly life?: number
  readonly renewEvery?: number
  readonly retryEvery?: number
  readonly margin?: number
}

const defaults = { now: () => performance.now(), life: 3_000, renewEvery: 1_000, retryEvery: 200, margin: 500 }

/** Of an owner's id, without what tells its lives apart. */
export const instanceOf = (owner: string): string => owner.replace(/:[^:]*$/, '')

/** Short, so that two attempts fit into what is left of a lease when the first one hangs. */
const attemptDeadline = 900

export class Lease {
  readonly state$: Observable<LeaseState>
  readonly held$: Observable<boolean>
  /** Attempts that failed, for the log. */
  readonly failures$: Observable<RanktideError>
  readonly #options: Required<LeaseOptions>
  readonly #key: string
  readonly #state = new BehaviorSubject<LeaseState>('asking')
  readonly #failures = new Subject<RanktideError>()
  #owner: string
  #heldUntil = Number.NEGATIVE_INFINITY
  /**
   * Whether a lease under our instance name may be taken. Only until we have held one: two processes that were given the
   * same name by mistake would otherwise take it from each other for ever.
   */
  #takesOwnName = true
  #running = false
  #attempt: Promise<void> = Promise.resolve()
  #asking = false
  #next: NodeJS.Timeout | undefined
  #expiry: NodeJS.Timeout | undefined

  constructor(options: LeaseOptions) {
    this.#options = { ...defaults, ...options }
    this.#key = feedKeys(options.prefix, options.feed).lease
    this.#owner = this.#newOwner()
    this.state$ = this.#state.pipe(distinctUntilChanged())
    this.held$ = this.state$.pipe(
      map((state) => state === 'held'),
      distinctUntilChanged(),
    )
    this.failures$ = this.#failures.asObservable()
  }

  /** The id under which this replica takes boards; another one after the lease was lost to somebody else. */
  owner(): string {
    return this.#owner
  }

  /** Whether the lease is ours at this moment: to be asked before every publish and commit. */
  holds(): boolean {
    return this.#state.value === 'held' && this.#options.now() < this.#heldUntil
  }

  start(): void {
    if (this.#running) return
    this.#running = true
    this.#try()
  }

  /**
   * The boards say that another one owns them: the lease is not held until Redis has confirmed that it still is ours,
   * which is asked now. Any answer that comes from here on was given after the boards were found to be another's.
   */
  doubt(): void {
    if (this.#state.value !== 'held') return
    this.#heldUntil = Number.NEGATIVE_INFINITY
    this.#checkExpiry()
    // With an attempt under way its own end starts the next one.
    if (!this.#running || this.#asking) return
    clearTimeout(this.#next)
    this.#try()
  }

  /** Gives the lease back, so that a standby has it at once. To be called when the last publish is through. */
  async stop(): Promise<void> {
    this.#running = false
    clearTimeout(this.#next)
    clearTimeout(this.#expiry)
    await this.#attempt
    const wasOwner = this.#wasHeld()
    this.#state.next('standby')
    if (!wasOwner) return
    const release = this.#options.client.call(
      (redis) => redis.ranktideReleaseLease(this.#key, this.#owner),
      attemptDeadline,
    )
    // Nothing is lost if it fails: the lease runs out.
    await release.catch((error: unknown) => this.#failures.next(asRanktideError(error)))
  }

  #newOwner(): string {
    return `${this.#options.instance}:${randomBytes(8).toString('hex')}`
  }

  #try(): void {
    this.#checkExpiry()
    this.#asking = true
    this.#attempt = this.#acquire().then((delay) => {
      this.#asking = false
      if (this.#running) this.#next = setTimeout(() => this.#try(), delay)
    })
  }

  /** One attempt to take or renew; returns after how many ms the next one is due. */
  async #acquire(): Promise<number> {
    const { client, life, now, renewEvery, retryEvery } = this.#options
    const asked = now()
    let reply: unknown
    try {
      reply = await client.call(
        (redis) => redis.ranktideAcquireLease(this.#key, this.#owner, life, this.#takesOwnName ? 1 : 0),
        attemptDeadline,
      )
    } catch (error) {
      this.#failures.next(asRanktideError(error))
      return retryEvery
    }
    const [taken, , left] = Array.isArray(reply) ? (reply as unknown[]) : []
    if (taken !== 1) {
      this.#lose()
      return Math.min(retryEvery, Math.max(1, Number(left) + 1))
    }
    this.#hold(asked)
    return Math.max(0, asked + renewEvery - now())
  }

  #hold(asked: number): void {
    const { life, margin, now } = this.#options
    this.#heldUntil = asked + life - margin
    // The answer took so long that the lease may be over already: the next attempt is due at once.
    if (now() >= this.#heldUntil) {
      this.#checkExpiry()
      return
    }
    this.#takesOwnName = false
    clearTimeout(this.#expiry)
    if (this.#running) this.#expiry = setTimeout(() => this.#checkExpiry(), this.#heldUntil - now())
    this.#state.next('held')
  }

  /** Another one has it. */
  #lose(): void {
    clearTimeout(this.#expiry)
    this.#heldUntil = Number.NEGATIVE_INFINITY
    if (this.#state.value === 'standby') return
    if (this.#wasHeld()) this.#owner = this.#newOwner()
    this.#state.next('standby')
  }

  /** Held, or suspended since. */
  #wasHeld(): boolean {
    return this.#state.value === 'held' || this.#state.value === 'suspended'
  }

  #checkExpiry(): void {
    if (this.#state.value !== 'held') return
    const left = this.#heldUntil - this.#options.now()
    clearTimeout(this.#expiry)
    if (left <= 0) this.#state.next('suspended')
    else this.#expiry = setTimeout(() => this.#checkExpiry(), left)
  }
}
