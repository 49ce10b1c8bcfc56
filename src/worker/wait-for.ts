import { setTimeout as delay } from 'node:timers/promises'
import { asRanktideError, type RanktideError, verdictOf } from '../core/errors.js'

export interface Waiting {
  /** Told before each pause. */
  readonly waits: (error: RanktideError, pause: number) => void
  readonly signal: AbortSignal
}

const pauseFirst = 1_000
const pauseMost = 5_000

/** Tries until it works. What can't pass by waiting is thrown at once; so is the abort. */
export const waitFor = async <T>(attempt: () => Promise<T>, { waits, signal }: Waiting): Promise<T> => {
  for (let tries = 0; ; tries++) {
    try {
      return await attempt()
    } catch (raw) {
      const error = asRanktideError(raw)
      if (verdictOf(error) !== 'retry') throw error
      const pause = Math.min(pauseFirst * 2 ** tries, pauseMost)
      waits(error, pause)
      await delay(pause, undefined, { signal })
    }
  }
}
