/** What a worker stands on, as it sees it: real servers, or what does their work in one process (the demo). */
import type { BoardSpec } from '../core/board-spec.js'
import type { CountBatch } from '../core/count-batch.js'
import type { CounterSpec } from '../core/counter-spec.js'
import type { RanktideError } from '../core/errors.js'
import type { HistoryBatch } from '../core/history-batch.js'
import type { Positions } from '../core/positions.js'
import type { Finding } from '../databases/finding.js'
import type { MarkerTable } from '../databases/mysql/marker.js'
import type { BatchStore, ReadHistory } from '../operators/batch-store.js'
import type { GroupConsumer } from '../operators/message-ports.js'
import type { Base, DeadLetters, FeedSource, Message } from '../operators/ports.js'
import type { BoardConfig, Config, ReadingConfig } from '../runtime/config.js'
import type { Feed } from '../runtime/feeds.js'

export interface WorkerParts {
  /** Undefined where there are no boards. */
  readonly database: FeedDatabase | undefined
  /** Another one, where a reload asks it differently. */
  readonly openDatabase?: (config: Config) => FeedDatabase
  /** Undefined where nothing is counted. */
  readonly counting?: CountingParts
  readonly deadLetters: OpenDeadLetters
  /** Reads them, for metrics; undefined where nobody settles any (the demo). Fails with KAFKA_*. */
  readonly openLetterLog?: () => Promise<OpenLetterLog>
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

/** What counters and the history stand on. Nothing connects before it is used. */
export interface CountingParts {
  /** `onTrouble` is told what the consumer waits for while it goes on; `onMirrorTrouble` what nothing waits for. */
  openConsumer(
    reading: ReadingConfig,
    onTrouble: (error: RanktideError) => void,
    onMirrorTrouble: (error: RanktideError) => void,
  ): GroupConsumer
  openCountStore(spec: CounterSpec): OpenStore<CountBatch>
  openHistoryStore(): OpenStore<HistoryBatch>
  openReadHistory(): OpenReadHistory
}

/** Calls fail with DATABASE_*, `preflight` also with what is fatal. */
export interface OpenStore<B> extends BatchStore<B> {
  /** Everything that keeps it from being written, or may surprise. */
  preflight(): Promise<readonly Finding[]>
  close(): Promise<void>
}

export interface OpenReadHistory extends ReadHistory {
  /** Everything that keeps reads from being read and deleted. */
  preflight(): Promise<readonly Finding[]>
  close(): Promise<void>
}

/** The dead-letter topic as something to read. Calls fail with KAFKA_*. */
export interface OpenLetterLog {
  /** Offset of the first record that is there, and the one after the last. */
  bounds(): Promise<{ readonly first: number; readonly end: number }>
  /** One reading at a time. */
  records(from: number, end: number): AsyncIterable<readonly Message[]>
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
