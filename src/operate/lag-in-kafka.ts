/** How far readers are behind the ends of their topics. Ends are asked after the positions: a lag is never told too small. */
import { behindAt, type Lag, lagOf, type PartitionLag, partitionLags } from '../core/lag.js'
import type { Positions } from '../core/positions.js'
import type { KafkaLook } from '../sources/kafka-look.js'

export interface FoundLag {
  readonly partitions: readonly PartitionLag[]
  readonly lag: Lag
}

export class Lags {
  readonly #look: KafkaLook
  readonly #ends: Positions
  readonly #beginnings: Positions
  /** By positions: boards of one feed mostly have the same ones. */
  readonly #known = new Map<string, FoundLag | undefined>()

  private constructor(look: KafkaLook, ends: Positions, beginnings: Positions) {
    this.#look = look
    this.#ends = ends
    this.#beginnings = beginnings
  }

  /** Fails with KAFKA_*. */
  static async on(look: KafkaLook, topics: readonly string[]): Promise<Lags> {
    const partitions = await look.partitions(topics)
    return new Lags(look, await look.ends(partitions), await look.beginnings(partitions))
  }

  /** Undefined: nothing was ever read. */
  async of(positions: Positions): Promise<FoundLag | undefined> {
    const key = JSON.stringify([...positions])
    if (!this.#known.has(key)) this.#known.set(key, await this.#find(positions))
    return this.#known.get(key)
  }

  async #find(positions: Positions): Promise<FoundLag | undefined> {
    const partitions = partitionLags(positions, this.#ends, this.#beginnings)
    if (partitions === undefined) return undefined
    // What the topic no longer holds has no time: the oldest that it does hold is told.
    const waiting = [...behindAt(partitions)].map(
      ([id, next]) => [id, Math.max(next, this.#beginnings.get(id) ?? 0)] as const,
    )
    const times = await this.#look.timesAt(new Map(waiting)).catch(() => new Map<string, number>())
    return { partitions, lag: lagOf(partitions, times, Date.now()) }
  }
}
