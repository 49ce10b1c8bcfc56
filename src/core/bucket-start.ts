/**
 * The starts of the hour and of the day in which a moment falls, in a zone, as its clocks show them: with DST, and where
 * offsets are not whole hours. Hours are stretches of time: an hour that clocks show twice is two. Days are dates: one that
 * has two midnights begins at the first, one without any when it begins.
 *
 * Memory: the last thousand quarters of an hour that were asked for.
 */
import { DateTime, IANAZone } from 'luxon'
import type { BucketUnit } from './count-batch.js'
import { RanktideError } from './errors.js'

type Starts = Readonly<Record<BucketUnit, number>>

/** Nearly every offset is a whole number of quarters, and nearly every change of it happens between two of them. */
const quarter = 900_000
const mostKept = 1_000

export class BucketStart {
  readonly #zone: IANAZone
  /** By quarter of an hour: the starts of all its moments; undefined: its moments differ. */
  readonly #kept = new Map<number, Starts | undefined>()

  /** Fails with CONFIG_INVALID for a zone that is not known. */
  constructor(timeZone: string) {
    if (!IANAZone.isValidZone(timeZone)) {
      throw new RanktideError('CONFIG_INVALID', `time zone "${timeZone}"; allowed: an IANA name such as Asia/Shanghai`)
    }
    this.#zone = IANAZone.create(timeZone)
  }

  /** All in ms since 1970. */
  of(unit: BucketUnit, time: number): number {
    const key = Math.floor(time / quarter)
    if (!this.#kept.has(key)) {
      if (this.#kept.size >= mostKept) this.#kept.clear()
      this.#kept.set(key, this.#startsThroughout(key * quarter))
    }
    return (this.#kept.get(key) ?? this.#starts(time))[unit]
  }

  #startsThroughout(begin: number): Starts | undefined {
    const offset = this.#zone.offset(begin)
    const isSteady = offset % (quarter / 60_000) === 0 && offset === this.#zone.offset(begin + quarter - 1)
    return isSteady ? this.#starts(begin) : undefined
  }

  #starts(time: number): Starts {
    const at = DateTime.fromMillis(time, { zone: this.#zone })
    return { hour: at.startOf('hour').toMillis(), day: startOfDay(at).toMillis() }
  }
}

/** Of two midnights of one date luxon takes the one with the offset of `at`; clocks were put back between the two. */
const startOfDay = (at: DateTime): DateTime => {
  const start = at.startOf('day')
  const putBack = start.minus({ hours: 3 }).offset - start.offset
  const earlier = start.minus({ minutes: putBack })
  return putBack > 0 && earlier.toISODate() === start.toISODate() ? startOfDay(earlier) : start
}
