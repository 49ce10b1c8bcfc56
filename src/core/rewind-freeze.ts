import { Barrier, type BarrierEffect } from './barrier.js'
import type { KeeperFeed } from './keeper-feed.js'
import type { Positions } from './positions.js'

type Surroundings = Pick<KeeperFeed, 'reached' | 'now' | 'proof' | 'nextId' | 'nonce'>

/** ms. */
const longest = 600_000

/**
 * Holds a feed's boards as they are while the producer sends again what it has sent before. A marker that is written
 * once the rewind has begun comes after all of that: when its barrier is passed, the present has been reached. After ten
 * minutes it is overdue: the boards are given up and read anew, which waits for a barrier of its own.
 */
export class RewindFreeze {
  readonly #feed: Surroundings
  readonly #told: (kind: 'rewinding' | 'rewound' | 'overdue') => void
  #barrier: Barrier | 'due' | undefined
  /** When it was first known, ms since 1970; 0: at the start, before any time was told. */
  #since = 0

  constructor(feed: Surroundings, told: (kind: 'rewinding' | 'rewound' | 'overdue') => void) {
    this.#feed = feed
    this.#told = told
  }

  get active(): boolean {
    return this.#barrier !== undefined
  }

  /** The producer has gone back; once more, it may be further, and needs another marker. */
  begin(): void {
    if (!this.active) {
      this.#since = this.#feed.now
      this.#told('rewinding')
    }
    this.#barrier = 'due'
  }

  /** A row shows that what comes was sent before: no news while that is known. */
  suspect(): void {
    if (!this.active) this.begin()
  }

  onMarker(nonce: string): void {
    this.#begun?.onMarker(nonce)
  }

  onEnds(barrier: number, ends: Positions): void {
    if (this.#begun?.id === barrier) this.#begun.onEnds(ends, this.#feed.reached, this.#feed.now)
  }

  onFailure(): void {
    this.#begun?.onFailure(this.#feed.now)
  }

  /** To be called after each window, answer and tick. */
  advance(): readonly BarrierEffect[] {
    if (this.#barrier === undefined) return []
    const { now, reached, proof } = this.#feed
    const begun = this.#begun?.isOutdone(proof) === true ? undefined : this.#begun
    const barrier = begun ?? this.#newBarrier()
    this.#barrier = barrier
    if (this.#since === 0) this.#since = now
    if (barrier.waitsForMarker && proof === 'assumed') barrier.assume()
    const effects = barrier.advance(reached, now)
    if (barrier.passed) {
      this.#barrier = undefined
      this.#told('rewound')
    } else if (now - this.#since >= longest) {
      this.#barrier = undefined
      this.#told('overdue')
      return []
    }
    return effects
  }

  get #begun(): Barrier | undefined {
    return this.#barrier === 'due' ? undefined : this.#barrier
  }

  #newBarrier(): Barrier {
    const id = this.#feed.nextId()
    return new Barrier(id, this.#feed.proof, this.#feed.nonce(id), this.#feed.now)
  }
}
