/** What a worker reports of its counting pipelines. Calls are synchronous, cheap and never throw. */
import type { CounterProgress } from '../core/counter-progress.js'
import type { ErrorCode } from '../core/errors.js'

/** What is asked when the metrics are: it changes while nothing is reported. */
export interface CounterGauges {
  readonly ok: boolean
  readonly partitions: number
  readonly lag: { readonly events: number; readonly seconds: number } | undefined
}

export interface CounterRecorder {
  /** The pipeline is there; `gauges` is looked at whenever somebody asks. */
  watch(pipeline: string, gauges: CounterGauges): void
  /** The pipeline is there no longer: its gauges go, what was counted stays. */
  forget(pipeline: string): void
  /** From one account of a pipeline's life to the next. */
  progressed(pipeline: string, before: CounterProgress, after: CounterProgress): void
  /** A transaction that failed and is made again. */
  writeFailed(pipeline: string, code: ErrorCode): void
  /** Events that could not be counted and are in the dead-letter topic. */
  refused(pipeline: string, code: ErrorCode, events: number): void
  lettersFailed(pipeline: string): void
  /** Reads that were deleted for their age. */
  expired(reads: number): void
}
