import { setTimeout as delay } from 'node:timers/promises'
import { asRanktideError, type RanktideError, verdictOf } from '../core/errors.js'

export interface Waiting {
  /** Told before each pause. */
  readonly waits: (error: RanktideError, pause: number) => void
  readonly signal: AbortSignal
}

const pauseFirst = 1_000
const pauseMost = 5_000

/** What the log says is waited for; `detail` says why. */
export const waitingText = ({ code }: RanktideError): string => {
  if (code === 'KAFKA_TOPIC') return 'Waiting for the topic'
  if (code.startsWith('KAFKA')) return 'Waiting for Kafka'
  if (code.startsWith('REDIS')) return 'Waiting for Redis'
  if (code.startsWith('DATABASE')) return 'Waiting for the database'
  return 'Starting the feed again'
}

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
