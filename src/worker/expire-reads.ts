import { setTimeout as delay } from 'node:timers/promises'
import { asRanktideError } from '../core/errors.js'
import type { CounterRecorder } from '../operators/counter-recorder.js'
import type { Log } from '../runtime/log.js'
import type { OpenReadHistory } from './worker-parts.js'

export interface ExpireReadsOptions {
  readonly reads: OpenReadHistory
  /** Older than this is deleted, ms. */
  readonly retentionMs: number
  readonly log: Log
  readonly recorder: CounterRecorder
  /** Ends it. */
  readonly signal: AbortSignal
}

/** How often a worker looks for reads that are too old, ms. */
const lookEvery = 60_000

/** Rows a transaction: locks are short, and others get in between. */
const rowsAtOnce = 1_000

/**
 * Deletes reads that are older than the retention, now and each minute, in small transactions. Workers that do it at the
 * same time delete each row once; what fails is tried again at the next look. Never rejects; closes `reads`.
 */
export const expireReads = async ({ reads, retentionMs, log, recorder, signal }: ExpireReadsOptions): Promise<void> => {
  try {
    while (!signal.aborted) {
      try {
        let found = 0
        do {
          found = await reads.expire(Date.now() - retentionMs, rowsAtOnce)
          recorder.expired(found)
        } while (found === rowsAtOnce && !signal.aborted)
      } catch (raw) {
        const { code, detail } = asRanktideError(raw)
        if (!signal.aborted)
          log.warn({ pipeline: 'history', code, detail }, 'Old reads not deleted, trying again in a minute')
      }
      await delay(lookEvery, undefined, { signal }).catch(() => {})
    }
  } finally {
    await reads.close().catch(() => {})
  }
}
