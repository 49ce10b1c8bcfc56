/** How far readers are behind the ends of their topics. Ends are asked after the positions: a lag is never told too small. */
import type { Bounds } from '../core/events-lost.js'
import { behindAt, type Lag, lagOf, type PartitionLag, partitionLags } from '../core/lag.js'
import type { Positions } from '../core/positions.js'
import type { KafkaLook } from '../sources/kafka-look.js'
import { boundsOf } from '../sources/offset-range.js'

export interface FoundLag {
  readonly partitions: readonly PartitionLag[]
  readonly lag: Lag
}

export class Lags {
  readonly #look: KafkaLook
  readonly #bounds: Bounds
  /** By positions: boards of one feed mostly have the same ones. */
  readonly #known = new Map<string, FoundLag | undefined>()

  private constructor(look: KafkaLook, bounds: Bounds) {
    this.#look = look
    this.#bounds = bounds
  }

  /** Fails with KAFKA_*. */
  static async on(look: KafkaLook, topics: readonly string[]): Promise<Lags> {
    return new Lags(look, await boundsOf(topics, look))
  }

  /** Undefined: nothing was ever read. */
  async of(positions: Positions): Promise<FoundLag | undefined> {
    const key = JSON.stringify([...positions])
    if (!this.#known.has(key)) this.#known.set(key, await this.#find(positions))
    return this.#known.get(key)
  }

  async #find(positions: Positions): Promise<FoundLag | undefined> {
    const partitions = partitionLags(positions, this.#bounds.ends, this.#bounds.first)
    if (partitions === undefined) return undefined
    const times = await this.#look.timesAt(behindAt(partitions)).catch(() => new Map<string, number>())
    return { partitions, lag: lagOf(partitions, times, Date.now()) }
  }
}
