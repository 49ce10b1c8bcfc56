/**
 * Proves that the stream has passed everything that was committed before a moment.
 *
 * `marker`: write M1, see it come back, write M2, see it, then ask for the end offsets of all partitions: those are the
 * target. Canal sends its batches one after the other, so once M2 is seen all of M1's batch is in Kafka, on whatever
 * partitions. Markers are written again when they stay away: a later one proves no less.
 *
 * `assumed`: no marker may be written. A partition has passed when it shows a commit time two seconds after the moment,
 * or when it was read to its end and the end has not moved for two seconds. That proves nothing while Canal is down, so
 * boards that rest on it say `assumed`.
 *
 * `position`: what was read is of these positions of the stream, and they are the target. Rests on nothing else.
 *
 * Pure: time comes in as `now` (ms), what is to be done goes out as effects.
 */
import { hasPassed, type Positions } from './positions.js'

export type Proof = 'marker' | 'position' | 'assumed'

export type BarrierEffect =
  | { readonly kind: 'mark'; readonly nonce: string }
  | { readonly kind: 'ends'; readonly barrier: number }

/** What the stream has shown so far. */
export interface Reached {
  readonly positions: Positions
  /** The greatest commit time a partition, ms since 1970. */
  readonly maxEs: ReadonlyMap<string, number>
}

export const barrierTimes = { remark: 10_000, poll: 500, settle: 2_000, retry: 1_000 } as const

export class Barrier {
  readonly id: number
  proof: Proof
  passed = false
  readonly begun: number
  readonly #nonce: string
  #stage: 'first' | 'second' | 'target' = 'first'
  #asked = Number.NEGATIVE_INFINITY
  #attempt = 0
  #target: Positions | undefined
  /** Ends that have not moved, and since when: assumed barriers only. */
  #still = new Map<string, { readonly offset: number; readonly since: number }>()

  /** `at`: what was read is of these positions, whatever else could prove it. */
  constructor(id: number, proof: Proof, nonce: string, now: number, at?: Positions) {
    this.id = id
    this.proof = at === undefined ? proof : 'position'
    this.#target = at
    this.#nonce = nonce
    this.begun = now
  }

  /** Whether a marker was seen: then the feed does carry markers, and silence is a fault. */
  get waitsForMarker(): boolean {
    return this.proof === 'marker' && this.#stage !== 'target'
  }

  /** Markers do not come back through this feed: goes on without. */
  assume(): void {
    this.proof = 'assumed'
    this.#asked = Number.NEGATIVE_INFINITY
  }

  /**
   * Markers do come back after all: another barrier has to take its place, since a feed that carries a marker a second is
   * never quiet. Another, for an end that this one has asked for may still be answered, and was asked too early.
   */
  isOutdone(proof: Proof): boolean {
    return this.proof === 'assumed' && proof === 'marker'
  }

  /** To be called at the start, after every window and on every tick. */
  advance(reached: Reached, now: number): BarrierEffect[] {
    if (this.passed) return []
    if (this.proof === 'assumed') return this.#poll(now)
    if (this.#target !== undefined) {
      this.passed = hasPassed(reached.positions, this.#target)
      return []
    }
    if (now - this.#asked < barrierTimes.remark) return []
    this.#asked = now
    if (this.#stage === 'target') return [{ kind: 'ends', barrier: this.id }]
    this.#attempt += 1
    return [{ kind: 'mark', nonce: `${this.#nonce}:${this.#stage}:${this.#attempt}` }]
  }

  onMarker(nonce: string): void {
    if (this.proof !== 'marker' || !nonce.startsWith(`${this.#nonce}:${this.#stage}:`)) return
    this.#stage = this.#stage === 'first' ? 'second' : 'target'
    this.#asked = Number.NEGATIVE_INFINITY
  }

  onEnds(ends: Positions, reached: Reached, now: number): void {
    if (this.proof === 'position') return
    if (this.proof === 'marker') {
      if (this.#stage === 'target') this.#target ??= ends
      return
    }
    let settled = true
    for (const [partition, end] of ends) {
      const still = this.#still.get(partition)
      if (still?.offset !== end) this.#still.set(partition, { offset: end, since: now })
      const quiet = still?.offset === end && now - still.since >= barrierTimes.settle
      const read = (reached.positions.get(partition) ?? 0) >= end
      const later = (reached.maxEs.get(partition) ?? 0) >= this.begun + barrierTimes.settle
      if (!later && !(quiet && read)) settled = false
    }
    this.passed = settled
  }

  /** A mark or a question failed: it is asked again a second later. */
  onFailure(now: number): void {
    const pause = this.proof === 'assumed' ? barrierTimes.poll : barrierTimes.remark
    this.#asked = now - pause + barrierTimes.retry
  }

  #poll(now: number): BarrierEffect[] {
    if (now - this.#asked < barrierTimes.poll) return []
    this.#asked = now
    return [{ kind: 'ends', barrier: this.id }]
  }
}
