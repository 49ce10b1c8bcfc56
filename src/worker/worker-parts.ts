/** What a worker stands on, as it sees it: real servers, or what does their work in one process (the demo). */
import type { BoardSpec } from '../core/board-spec.js'
import type { RanktideError } from '../core/errors.js'
import type { Positions } from '../core/positions.js'
import type { Finding } from '../databases/mysql/finding.js'
import type { MarkerTable } from '../databases/mysql/marker.js'
import type { Base, DeadLetters, FeedSource } from '../operators/ports.js'
import type { BoardConfig } from '../runtime/config.js'
import type { Feed } from '../runtime/feeds.js'

export interface WorkerParts {
  readonly database: FeedDatabase
  readonly deadLetters: OpenDeadLetters
  /** `onTrouble` is told what the source waits for while it goes on. */
  openSource(feed: Feed, onTrouble: (error: RanktideError) => void): OpenSource
}

/** The database, as far as a start asks it. Fails with DATABASE_*, and with what is fatal. */
export interface FeedDatabase {
  /** Whether boards rest on markers: without them they say assumed. A base made of the stream needs none. */
  readonly usesMarkers: boolean
  resolve(boards: readonly BoardConfig[]): Promise<readonly BoardSpec[]>
  preflight(boards: readonly BoardSpec[]): Promise<readonly Finding[]>
  /** As the configuration names it. */
  markerTable(boards: readonly BoardSpec[]): MarkerTable
  /** Undefined: no marker may be written. */
  marker(boards: readonly BoardSpec[]): Promise<MarkerTable | undefined>
  base(feed: string, marker: MarkerTable | undefined): Base
  close(): Promise<void>
}

/** One for all feeds. */
export interface OpenDeadLetters extends DeadLetters {
  /** Makes sure that they can be written. Fails with KAFKA_*, saying what is to be done. */
  prepare(): Promise<void>
  close(): Promise<void>
}

export interface OpenSource extends FeedSource {
  ends(): Promise<Positions>
  /** Commits what is pending now. */
  flush(): Promise<void>
  close(): Promise<void>
}
