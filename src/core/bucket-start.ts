/**
 * The starts of the hour and of the day in which a moment falls, in a zone, as its clocks show them: with DST, and where
 * offsets are not whole hours. Hours are stretches of time: an hour that clocks show twice is two. Days are dates: one that
 * has two midnights begins at the first, one without any when it begins.
 *
 * Memory: the last thousand minutes that were asked for.
 */
import { DateTime, IANAZone } from 'luxon'
import type { BucketUnit } from './count-batch.js'
import { RanktideError } from './errors.js'

type Starts = Readonly<Record<BucketUnit, number>>

const minute = 60_000
const mostKept = 1_000

/** 1972-02-01: since then every zone's offset is whole minutes (Liberia was the last): no bucket begins inside one. */
const wholeMinutes = 65_750_400_000

export class BucketStart {
  readonly #zone: IANAZone
  readonly #kept = new Map<number, Starts>()

  /** Fails with CONFIG_INVALID for a zone that is not known. */
  constructor(timeZone: string) {
    if (!IANAZone.isValidZone(timeZone)) {
      throw new RanktideError('CONFIG_INVALID', `time zone "${timeZone}"; allowed: an IANA name such as Asia/Shanghai`)
    }
    this.#zone = IANAZone.create(timeZone)
  }

  /** All in ms since 1970. */
  of(unit: BucketUnit, time: number): number {
    if (time < wholeMinutes) return this.#starts(time)[unit]
    const key = Math.floor(time / minute)
    const kept = this.#kept.get(key)
    if (kept !== undefined) return kept[unit]
    if (this.#kept.size >= mostKept) this.#kept.clear()
    const starts = this.#starts(key * minute)
    this.#kept.set(key, starts)
    return starts[unit]
  }

  #starts(time: number): Starts {
    const at = DateTime.fromMillis(time, { zone: this.#zone })
    return { hour: at.startOf('hour').toMillis(), day: startOfDay(at).toMillis() }
  }
}

/** Of two midnights of one date luxon takes the one with the offset of `at`. */
const startOfDay = (at: DateTime): DateTime => {
  const start = at.startOf('day')
  const before = start.minus({ milliseconds: 1 })
  return before.hasSame(start, 'day') ? startOfDay(before) : start
}
