/**
 * Commits offsets off the stream's path. Guarantees: never more than one commit in flight and one per `interval`;
 * commits in between fold into one, the latest of each partition; a failed commit is tried again with the next, and
 * reported, never thrown. Memory: one offset a partition.
 */
import type { RanktideError } from '../core/errors.js'
import type { Positions } from '../core/positions.js'
import { kafkaError } from './kafka-errors.js'

export interface OffsetCommitsOptions {
  /** Resolves once the broker has the offsets. */
  readonly send: (positions: Positions) => Promise<void>
  readonly onTrouble: (error: RanktideError) => void
  /** Least time between two commits, ms. */
  readonly interval: number
}

export class OffsetCommits {
  readonly #options: OffsetCommitsOptions
  #pending: Positions = new Map()
  #sending: Promise<void> | undefined
  #timer: NodeJS.Timeout | undefined
  #sentAt = Number.NEGATIVE_INFINITY
  /** Raised by drop(): what is in flight then is not tried again. */
  #round = 0

  constructor(options: OffsetCommitsOptions) {
    this.#options = options
  }

  commit(positions: Positions): void {
    this.#pending = new Map([...this.#pending, ...positions])
    this.#schedule()
  }

  /** Sends what is pending now; resolves when that was tried, or after `limit` ms. */
  async flush(limit: number): Promise<void> {
    let timer: NodeJS.Timeout | undefined
    const expired = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, limit)
    })
    await Promise.race([this.#sendAll(), expired])
    clearTimeout(timer)
  }

  /** Forgets what is pending: a replica that no longer owns the feed must not commit over its successor. */
  drop(): void {
    clearTimeout(this.#timer)
    this.#timer = undefined
    this.#pending = new Map()
    this.#round++
  }

  async #sendAll(): Promise<void> {
    await this.#sending
    await this.#send()
  }

  #schedule(): void {
    if (this.#timer !== undefined || this.#sending !== undefined || this.#pending.size === 0) return
    const wait = this.#sentAt + this.#options.interval - performance.now()
    this.#timer = setTimeout(() => void this.#send(), Math.max(0, wait))
  }

  #send(): Promise<void> {
    clearTimeout(this.#timer)
    this.#timer = undefined
    if (this.#sending !== undefined) return this.#sending
    if (this.#pending.size === 0) return Promise.resolve()
    const positions = this.#pending
    this.#pending = new Map()
    this.#sentAt = performance.now()
    this.#sending = this.#try(positions).finally(() => {
      this.#sending = undefined
      this.#schedule()
    })
    return this.#sending
  }

  async #try(positions: Positions): Promise<void> {
    const round = this.#round
    try {
      await this.#options.send(positions)
    } catch (error) {
      if (round !== this.#round) return
      this.#options.onTrouble(kafkaError(error, 'committing offsets'))
      // What was committed meanwhile is newer.
      this.#pending = new Map([...positions, ...this.#pending])
    }
  }
}
