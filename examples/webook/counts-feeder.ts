/**
 * Runs the feed of the cache for as long as the process does: waits for servers that are down and begins again after
 * whatever ended it.
 *
 * It goes on from the positions in Redis. Without them it begins as long ago as the oldest entry can be, so that no
 * change is missed that an entry has not seen. Where the topic has lost the offsets to go on from, the cache is emptied.
 */
import { setTimeout as delay } from 'node:timers/promises'
import { fromEvent, lastValueFrom, takeUntil, tap } from 'rxjs'
import { asRanktideError, type RanktideError } from '../../src/core/errors.js'
import type { Positions } from '../../src/core/positions.js'
import type { MysqlPool } from '../../src/databases/mysql/connection.js'
import { describeTable } from '../../src/databases/mysql/describe-table.js'
import { tableShape } from '../../src/databases/mysql/table-shape.js'
import { canalJson } from '../../src/formats/canal-json.js'
import { createKafkaFeed } from '../../src/sources/kafka-feed.js'
import type { CountsCache } from './counts-cache.js'
import { countsFeed } from './counts-feed.js'
import { countColumns } from './counts-row.js'

export interface CountsFeederOptions {
  readonly pool: MysqlPool
  readonly table: string
  readonly brokers: string
  /** The topic of the table's row changes, as Canal's flat JSON. */
  readonly topic: string
  readonly cache: CountsCache
  /** How long an entry is cached, ms. */
  readonly life: number
  readonly onTrouble: (error: RanktideError) => void
}

const window = { events: 1_000, bytes: 4_194_304, time: 20 }
const pauseBetween = 1_000
/** How far the clocks of this machine and of the brokers may differ, ms. */
const clockSkew = 60_000

export class CountsFeeder {
  readonly #options: CountsFeederOptions
  readonly #stop = new AbortController()
  readonly #ended: Promise<void>
  #reached: Positions = new Map()

  constructor(options: CountsFeederOptions) {
    this.#options = options
    this.#ended = this.#run()
  }

  /** Up to where the cache has the row changes; empty until the first are known. */
  get reached(): Positions {
    return this.#reached
  }

  async close(): Promise<void> {
    this.#stop.abort()
    await this.#ended
  }

  async #run(): Promise<void> {
    const { signal } = this.#stop
    while (!signal.aborted) {
      try {
        await this.#feed()
      } catch (raw) {
        const error = asRanktideError(raw)
        this.#options.onTrouble(error)
        if (error.code === 'OFFSETS_GONE') await this.#forget()
      }
      await delay(pauseBetween, undefined, { signal }).catch(() => {})
    }
  }

  async #feed(): Promise<void> {
    const { pool, table, brokers, topic, cache, life, onTrouble } = this.#options
    const shape = tableShape(await describeTable(pool, pool.database ?? '', table), countColumns)
    const start = await cache.positions()
    const source = createKafkaFeed({
      brokers,
      // Nothing is committed to Kafka; the name is for its logs.
      group: 'webook.counts-feed',
      topics: [topic],
      window,
      margin: life + clockSkew,
      onTrouble,
    })
    try {
      const feed$ = countsFeed({ source, start, decode: canalJson([shape]), cache, onTrouble })
      const stopped$ = fromEvent(this.#stop.signal, 'abort')
      const reached$ = feed$.pipe(
        takeUntil(stopped$),
        tap((positions) => {
          this.#reached = new Map([...this.#reached, ...positions])
        }),
      )
      if (!this.#stop.signal.aborted) await lastValueFrom(reached$, { defaultValue: start })
    } finally {
      await source.close().catch(() => {})
    }
  }

  async #forget(): Promise<void> {
    try {
      await this.#options.cache.clear()
      await this.#options.cache.forgetPositions()
    } catch (error) {
      this.#options.onTrouble(asRanktideError(error))
    }
  }
}
