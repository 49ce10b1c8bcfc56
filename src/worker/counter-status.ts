/**
 * What a counting pipeline says of itself: one state for the line in /readyz?verbose, the metric and the log.
 *
 * What is waited for holds until something of the same server has worked again: an end offset or a window for Kafka, a
 * claim or a window for the database, a letter for the dead letters, or until another worker has that partition. A member
 * without partitions asks Kafka for nothing: there trouble is over once it is no longer told.
 */
import { type CounterProgress, nothingCounted } from '../core/counter-progress.js'
import type { RanktideError } from '../core/errors.js'
import type { HealthCheck } from '../http/health.js'

type Server = 'kafka' | 'database' | 'letters'

interface Trouble {
  readonly error: RanktideError
  /** When it was told last, ms. */
  readonly at: number
}

/** Kafka's trouble is told every 5 s while it lasts, ms. */
const kafkaTroubleLasts = 10_000

export class CounterStatus {
  /** `counters.reads`, or `history`: as in the configuration. */
  readonly name: string
  readonly #now: () => number
  readonly #troubles = new Map<Server, Trouble>()
  #down: RanktideError | undefined
  #assigned = false
  #progress = nothingCounted

  constructor(name: string, now: () => number) {
    this.name = name
    this.#now = now
  }

  /** A life begins. */
  begin(): void {
    this.#troubles.clear()
    this.#assigned = false
    this.#progress = nothingCounted
  }

  waitsFor(server: Server, error: RanktideError): void {
    this.#troubles.set(server, { error, at: this.#now() })
  }

  /** The letters that could not be written are. */
  lettersWritten(): void {
    this.#troubles.delete('letters')
  }

  progress(progress: CounterProgress): void {
    const before = this.#progress
    this.#progress = progress
    this.#down = undefined
    if (progress.ends !== before.ends || progress.windows !== before.windows) this.#troubles.delete('kafka')
    if (progress.positions !== before.positions) this.#troubles.delete('database')
    if (progress.partitions !== before.partitions) this.#troubles.delete('letters')
    if (progress.partitions.length > 0) this.#assigned = true
  }

  /** It is in its group, and the partitions are those of others. */
  standsBy(): void {
    this.#down = undefined
    this.#troubles.clear()
    this.#assigned = true
  }

  /** A fatal error: its life is over. */
  down(error: RanktideError): void {
    this.#down = error
    this.#progress = { ...nothingCounted, window: 0 }
  }

  /** Whether it counts, or would if it had partitions. */
  get ok(): boolean {
    return this.#down === undefined && this.#trouble() === undefined && this.#assigned
  }

  get partitions(): number {
    return this.#progress.partitions.length
  }

  /** Undefined: it has no partitions, or does not know where they end. */
  get lag(): { readonly events: number; readonly seconds: number } | undefined {
    const { lag, oldest } = this.#progress
    if (lag === undefined) return undefined
    return { events: lag, seconds: oldest === undefined ? 0 : Math.max(0, this.#now() - oldest) / 1000 }
  }

  check(): HealthCheck {
    const { name, ok } = this
    return { name, ok, detail: this.#detail() }
  }

  #detail(): string {
    if (this.#down !== undefined) return `down: ${this.#down.code}: ${this.#down.detail}`
    const trouble = this.#trouble()
    const where = this.#where()
    if (trouble !== undefined) return `waiting: ${trouble.code}: ${trouble.detail}${where === '' ? '' : `; ${where}`}`
    if (!this.#assigned) return 'starting'
    return where === '' ? 'standing by' : `counting: ${where}`
  }

  #trouble(): RanktideError | undefined {
    for (const [server, { error, at }] of this.#troubles) {
      const over = server === 'kafka' && this.partitions === 0 && this.#now() - at >= kafkaTroubleLasts
      if (!over) return error
    }
    return undefined
  }

  #where(): string {
    const { partitions, window } = this.#progress
    if (partitions.length === 0) return ''
    const shown = `${partitions.length} ${partitions.length === 1 ? 'partition' : 'partitions'}`
    const { lag } = this
    const behind = lag === undefined ? '' : `, ${lag.events} events (${lag.seconds.toFixed(1)} s) behind`
    return `${shown}${behind}, window ${window}`
  }
}
