/**
 * Keeps one pipeline alive beside others: a fatal error ends its life, not theirs, and after a pause another one begins.
 * Pauses double, so that what only a person can mend is not tried without end; they begin again after a long life.
 */
import { asRanktideError, type RanktideError } from '../core/errors.js'

export interface Supervised {
  /** One life. Calls `started` once it does its work; ends by failing only, with all that it has opened closed. */
  readonly live: (started: () => void) => Promise<never>
  /** Told before each pause. */
  readonly failed: (error: RanktideError, pause: number) => void
  /** Once aborted no further life begins, and no failure is told. */
  readonly signal: AbortSignal
}

/** Between two lives, ms. */
const pauseFirst = 5_000
const pauseMost = 60_000

/** After a life of this length, ms, the pauses begin again. */
const longLife = 60_000

/** Resolves to what the first life came to: undefined once it has started, else what it failed with before that. */
export const supervise = (supervised: Supervised): Promise<RanktideError | undefined> =>
  new Promise((resolve) => {
    void lives(supervised, resolve)
  })

const lives = async (
  { live, failed, signal }: Supervised,
  first: (error: RanktideError | undefined) => void,
): Promise<void> => {
  for (let failures = 0; !signal.aborted; ) {
    const begun = performance.now()
    const error = await live(() => first(undefined)).catch(asRanktideError)
    if (signal.aborted) return
    failures = performance.now() - begun >= longLife ? 1 : failures + 1
    const pause = Math.min(pauseFirst * 2 ** (failures - 1), pauseMost)
    failed(error, pause)
    first(error)
    await passed(pause, signal)
  }
}

/** Resolves after the pause, or at once when stopped. */
const passed = (pause: number, signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    const over = (): void => {
      clearTimeout(timer)
      signal.removeEventListener('abort', over)
      resolve()
    }
    const timer = setTimeout(over, pause)
    signal.addEventListener('abort', over)
  })
