/**
 * How far in time the feed is known to have come: everything that was committed before `provenAt` is applied.
 *
 * On one partition a marker that has come back proves the time at which it was asked for, and a commit time the second
 * that it names, since the binary log is in the order of commits. On several a marker proves only its own partition: once
 * a later one has come back, all of the earlier one's batch is in Kafka (batches are sent one after the other), and what
 * the ends of all partitions are then has to be passed.
 *
 * A batch whose sending failed half way shows neither rows nor times that ever were, until it is sent again a moment later.
 *
 * A marker is written each second, less often while commits come by themselves; on several partitions, where a marker is
 * proven only by the one after it, each half second: boards would look older than their owner's heartbeat may be.
 * Whether the feed carries markers at all is found out at the start and looked at again every half minute: one that does
 * not is never called silent.
 *
 * Pure: time comes in as `now` (ms since 1970), what is to be done goes out as effects. Memory: two times and a target.
 */
import type { BarrierEffect } from './barrier.js'
import { isoTime } from './iso-time.js'
import { hasPassed, type Positions } from './positions.js'

export const pulseTimes = {
  /** Between two markers, ms; while commits come by themselves they prove enough for a little longer. */
  every: 1_000,
  busy: 1_500,
  /** Between two markers of a feed that does not carry them. */
  seldom: 30_000,
  /** A feed that proves nothing for this long has stopped, or is behind. */
  silent: 5_000,
  /** One that was behind is so until it is this close again. */
  close: 3_000,
  /** A feed of which no marker has come back after this long does not carry them, nor one that shows commits so much later. */
  patience: 30_000,
} as const

/** Begins the reason of a board whose feed shows nothing of the present. */
const feedBehind = 'the feed'

/** Whether a board says by this reason that it is the table's, but of a time that is gone. */
export const isBehind = (reason: string): boolean => reason.startsWith(`${feedBehind} `)

export interface PulseOptions {
  readonly name: string
  /** Whether markers may be written. */
  readonly marks: boolean
  readonly nonce: string
}

export class FeedPulse {
  readonly #options: PulseOptions
  #carries: 'unknown' | 'expected' | 'yes' | 'no' = 'unknown'
  #provenAt = 0
  /** When `provenAt` last rose, or the pulse began. */
  #roseAt = 0
  #lastProven = 0
  #begun = 0
  #markedAt = 0
  #failedAt = 0
  #failure = ''
  /** As of when nothing more is proven; 0 while something is. */
  #silentSince = 0
  /** The times of the last marker that came back, and of the newest commit seen. */
  #seen = 0
  #newestEs = 0
  /** On several partitions: the time that is proven once `ends` are passed, and the question for them. */
  #target: { readonly id: number; readonly at: number; ends: Positions | undefined } | undefined
  #trouble = ''

  constructor(options: PulseOptions) {
    this.#options = options
  }

  /** Undefined: markers prove nothing here, only the ends of the topics are known. 0: nothing is proven yet. */
  get provenAt(): number | undefined {
    return this.#options.marks && (this.#carries === 'yes' || this.#carries === 'expected') ? this.#provenAt : undefined
  }

  /** Whether a marker has come back, or has not although it should have. */
  get carriesMarkers(): boolean | undefined {
    return this.#carries === 'yes' ? true : this.#carries === 'no' ? false : undefined
  }

  /** Why boards are not of the present; empty if they are. It does not change while the cause stays. */
  get trouble(): string {
    return this.#trouble
  }

  /** An earlier owner has seen markers: that none come is a fault. */
  expectMarkers(): void {
    if (this.#carries === 'unknown') this.#carries = 'expected'
  }

  onMarker(nonce: string, partitions: number): void {
    this.#carries = 'yes'
    const at = this.#timeIn(nonce)
    if (at === undefined || at <= this.#seen) return
    const earlier = this.#seen
    this.#seen = at
    if (partitions === 1) this.#prove(at)
    else if (earlier > 0) this.#target ??= { id: 0, at: earlier, ends: undefined }
  }

  /** `es`: the newest commit time of a window. */
  onCommits(es: number, partitions: number): void {
    this.#newestEs = Math.max(es, this.#newestEs)
    if (partitions === 1) this.#prove(es)
  }

  onEnds(id: number, ends: Positions): void {
    if (this.#target?.id === id) this.#target.ends = ends
  }

  /** A marker could not be written, or the ends not be asked. */
  onFailure(code: string, now: number): void {
    this.#failedAt = now
    this.#failure = code
    if (this.#target?.ends === undefined) this.#target = undefined
  }

  /** To be called after every input. */
  advance(reached: Positions, now: number, partitions: number, nextId: () => number): BarrierEffect[] {
    if (!this.#options.marks) return []
    if (this.#begun === 0) this.#begun = this.#roseAt = now
    const effects: BarrierEffect[] = []
    if (this.#target?.id === 0) {
      this.#target = { ...this.#target, id: nextId() }
      effects.push({ kind: 'ends', barrier: this.#target.id })
    }
    if (this.#target?.ends !== undefined && hasPassed(reached, this.#target.ends)) {
      this.#prove(this.#target.at)
      this.#target = undefined
    }
    if (this.#provenAt > this.#lastProven) this.#rise(now)
    this.#judge(now, partitions)
    if (this.#due(now, partitions)) {
      this.#markedAt = now
      effects.push({ kind: 'mark', nonce: `${this.#options.nonce}:pulse:${now}` })
    }
    return effects
  }

  #rise(now: number): void {
    this.#lastProven = this.#provenAt
    this.#roseAt = now
    this.#failure = ''
  }

  #prove(at: number): void {
    this.#provenAt = Math.max(at, this.#provenAt)
  }

  #timeIn(nonce: string): number | undefined {
    const prefix = `${this.#options.nonce}:pulse:`
    return nonce.startsWith(prefix) ? Number(nonce.slice(prefix.length)) : undefined
  }

  #due(now: number, partitions: number): boolean {
    const since = now - this.#markedAt
    if (this.#carries === 'no') return since >= pulseTimes.seldom
    if (partitions > 1) return since >= pulseTimes.every / 2
    const busy = now - this.#newestEs < pulseTimes.busy + pulseTimes.every
    return since >= pulseTimes.every && now - this.#provenAt >= (busy ? pulseTimes.busy : pulseTimes.every)
  }

  #judge(now: number, partitions: number): void {
    const since = Math.max(this.#begun, this.#failedAt)
    if (this.#carries === 'unknown' && now - since >= pulseTimes.patience) this.#carries = 'no'
    // What was written long before has not come, though what was committed after it has: it is filtered out by now.
    const overtaken = this.#newestEs - Math.max(this.#begun, this.#seen) >= pulseTimes.patience * partitions
    if (overtaken && this.#failure === '' && this.#carries !== 'unknown') this.#carries = 'no'
    const silent = this.provenAt !== undefined && now - this.#roseAt >= pulseTimes.silent
    if (!silent) this.#silentSince = 0
    else if (this.#silentSince === 0) this.#silentSince = this.#provenAt === 0 ? this.#begun : this.#provenAt
    this.#trouble = this.provenAt === undefined ? '' : this.#troubleNow()
  }

  #troubleNow(): string {
    const { name } = this.#options
    if (this.#silentSince > 0) {
      const since = isoTime(this.#silentSince)
      return `${feedBehind} ${name} is silent since ${since}: ${this.#failure === '' ? 'FEED_SILENT' : this.#failure}`
    }
    const allowed = this.#trouble === '' ? pulseTimes.silent : pulseTimes.close
    // As it was when something came last: from then on it is silence, if anything.
    if (this.#provenAt === 0 || this.#roseAt - this.#provenAt < allowed) return ''
    return `${feedBehind} ${name} is behind its database`
  }
}
