/**
 * What the parts of a pipeline report to whoever counts. Calls are synchronous, cheap and never throw; nothing may
 * depend on them.
 */
import type { BoardState } from '../core/board-content.js'
import type { ErrorCode } from '../core/errors.js'
import type { PublishOutcome } from './ports.js'
import type { VerifyStatus } from './verify-ports.js'

export interface Recorder {
  /** Messages read from the feed's topics. */
  messages(feed: string, count: number): void
  /** Whether several producers write one partition of the feed. */
  severalSources(feed: string, several: boolean): void
  /** Row changes decoded from them. */
  rows(feed: string, count: number): void
  /** A message that could not be read. */
  refused(feed: string, code: ErrorCode): void
  /** Refused messages that were written to the dead-letter topic. */
  deadLetters(feed: string, count: number): void
  /** A write to the dead-letter topic that failed: the feed stands still until one succeeds. */
  deadLettersFailed(feed: string): void
  /** A query that filled up a board from below its floor. */
  refill(board: string): void
  refillFailed(board: string, code: ErrorCode): void
  /** A board that was read anew as a whole and swapped in. */
  rebuild(board: string): void
  /** Members that an audit found to differ from the table. */
  auditDifferences(board: string, count: number): void
  /** Fields sent to Redis by a publish: what left, what was rescored, what was rewritten. */
  diffPairs(board: string, count: number): void
  published(board: string, outcome: PublishOutcome['kind']): void
  boardState(board: string, state: BoardState): void
  /** How many groups a split board has. */
  groups(board: string, count: number): void
  /** The board was true at `atMs`, ms since 1970: its age counts from there. */
  boardConfirmed(board: string, atMs: number): void
  /** How far the feed is behind the commits at the source. */
  lag(feed: string, seconds: number): void
  /** Whether this replica holds the feed's lease. */
  owner(feed: string, owns: boolean): void
  /** Nothing more is known here of the feed and of these boards: their gauges go, what was counted stays. */
  disowned(feed: string, boards: readonly string[]): void
  /** Keys in the journals of queries in flight. */
  journal(feed: string, size: number): void
  /** A board's content in Redis that was not what its owner had put there, and was put right. */
  redisHealed(board: string): void
  /** What a board came to when it was verified at `atMs`, ms since 1970; of a split board the worst of its groups. */
  verified(board: string, outcome: VerifyStatus, atMs: number): void
}
