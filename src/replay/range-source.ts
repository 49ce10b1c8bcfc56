/** Where a replay's messages come from: a range of topics (kafka-source.ts), or a file (file-source.ts). */
import type { Observable } from 'rxjs'
import type { Positions } from '../core/positions.js'
import type { MessageBatch } from '../operators/ports.js'

export interface RangeSource {
  /** From these positions to the end of the range, then completes. */
  batches(start: Positions): Observable<MessageBatch>
  /** Where the range begins, as far as that is known before it is read. */
  readonly start: Positions
  /** What came of `--from` and `--to`: of a file known only once all of it has been read. */
  resolved(): ResolvedSource
  /** Sentences about what was asked for and is not quite so. */
  readonly notes: readonly string[]
  /** What a checkpoint keeps of it, so that `end` is the same end later. */
  readonly kept: unknown
  /** How far it is, and how far it goes, in whatever unit. */
  progress(positions: Positions): { readonly done: number; readonly total: number }
  close(): Promise<void>
}

export interface ResolvedSource {
  readonly from: Positions
  readonly to: Positions
  /** Partitions that there are and that are not read. */
  readonly unread: readonly string[]
  /** Of a file: offsets between those that it has, in words. */
  readonly missing?: readonly string[]
  /** Whether positions are offsets of topics; else they are numbers of lines. */
  readonly offsets: boolean
}
