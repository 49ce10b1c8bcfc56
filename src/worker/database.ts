/** The database of a worker: its pools, its budget, and one base a feed. */
import type { BoardSpec } from '../core/board-spec.js'
import { RanktideError } from '../core/errors.js'
import type { Finding } from '../databases/finding.js'
import { readAccount } from '../databases/mysql/account.js'
import { createMysqlPool, type MysqlPool } from '../databases/mysql/connection.js'
import { ensureMarkerTable, type MarkerTable } from '../databases/mysql/marker.js'
import { MysqlBase } from '../databases/mysql/mysql-base.js'
import { preflight } from '../databases/mysql/preflight.js'
import { RefillBudget } from '../databases/mysql/refill-budget.js'
import type { BoardConfig, DatabaseConfig } from '../runtime/config.js'
import { resolveBoards } from './resolve-boards.js'
import type { FeedDatabase } from './worker-parts.js'

/** How long a reading may wait until its marker shows on the server it reads, ms: a replica that is just behind. */
const visibleMs = 10_000

export class WorkerDatabase implements FeedDatabase {
  readonly usesMarkers = true
  readonly primary: MysqlPool
  readonly #config: DatabaseConfig
  readonly #refill: MysqlPool
  readonly #budget: RefillBudget
  /** By feed: one that is started again gets a new one. */
  readonly #bases = new Map<string, MysqlBase>()

  /** Opens no connection yet. */
  constructor(config: DatabaseConfig) {
    this.#config = config
    const { timeoutMs, concurrency, perMinute, url } = config.refill
    const options = { timeoutMs, timeZone: config.timeZone }
    this.primary = createMysqlPool({ ...options, url: config.url, connections: 2 * concurrency + 2 })
    this.#refill = url === config.url ? this.primary : createMysqlPool({ ...options, url, connections: concurrency })
    this.#budget = new RefillBudget({ concurrency, perMinute })
  }

  resolve(boards: readonly BoardConfig[]): Promise<readonly BoardSpec[]> {
    return resolveBoards(this.primary, boards)
  }

  preflight(boards: readonly BoardSpec[]): Promise<readonly Finding[]> {
    const { allowScan } = this.#config.refill
    return preflight({ primary: this.primary, refill: this.#refill, boards, allowScan })
  }

  /** As a GRANT names it. */
  account(): Promise<string> {
    return this.primary.use(readAccount)
  }

  /** The marker table of the boards' database, as the configuration names it. */
  markerTable(boards: readonly BoardSpec[]): MarkerTable {
    const { table } = this.#config.marker
    const dot = table.indexOf('.')
    if (dot >= 0) return { database: table.slice(0, dot), table: table.slice(dot + 1) }
    const database = boards[0]?.table.database
    if (database === undefined) throw new RanktideError('CONFIG_INVALID', 'a feed has no boards')
    return { database, table }
  }

  /** Whether markers may be written there; makes the table if it is missing and may be made. */
  async marker(boards: readonly BoardSpec[]): Promise<MarkerTable | undefined> {
    if (this.#config.marker.write === 'never') return undefined
    const marker = this.markerTable(boards)
    return (await ensureMarkerTable(this.primary, marker)) === 'ready' ? marker : undefined
  }

  base(feed: string, marker: MarkerTable | undefined): MysqlBase {
    const { overlapMs } = this.#config.refill
    const pools = { primary: this.primary, refill: this.#refill }
    const base = new MysqlBase({
      ...pools,
      marker,
      feed: feed.slice(0, 190),
      overlapMs,
      visibleMs,
      budget: this.#budget,
    })
    this.#bases.get(feed)?.close()
    this.#bases.set(feed, base)
    return base
  }

  async close(): Promise<void> {
    for (const base of this.#bases.values()) base.close()
    this.#budget.close()
    await Promise.all([this.primary.close(), this.#refill === this.primary ? undefined : this.#refill.close()])
  }
}
