/**
 * How many dead letters nobody has settled, and how old the oldest is. Every replica tells the same, since each reads the
 * whole topic. The label is a feed or pipeline of the configuration, or `other` for those that it no longer has.
 */
import { Gauge, type Registry } from 'prom-client'
import type { FeedLetters } from '../core/letter-ledger.js'

export interface LetterGauges {
  /** What is open now, by feed; undefined: not known, and then there is no series. */
  show(feeds: ReadonlyMap<string, FeedLetters> | undefined): void
}

/** Registers both. `names`: the feeds and pipelines of the configuration of now. `now`: ms since 1970. */
export const createLetterGauges = (
  registry: Registry,
  names: () => Iterable<string>,
  now: () => number,
): LetterGauges => {
  let shown: ReadonlyMap<string, FeedLetters> | undefined
  const gauge = (name: string, help: string, value: (letters: FeedLetters | undefined) => number): void => {
    new Gauge({
      name,
      help,
      labelNames: ['feed'],
      registers: [registry],
      collect() {
        this.reset()
        if (shown === undefined) return
        const known = new Set(names())
        const open = named(shown, known)
        for (const [feed, letters] of open) this.set({ feed }, value(letters))
        for (const feed of known) if (!open.has(feed)) this.set({ feed }, value(undefined))
      },
    })
  }
  gauge(
    'ranktide_dead_letters_unsettled',
    'Dead letters that nobody has retried or discarded',
    (letters) => letters?.unsettled ?? 0,
  )
  gauge(
    'ranktide_dead_letters_oldest_age_seconds',
    'Age of the oldest dead letter that nobody has retried or discarded, 0 without any',
    (letters) => (letters === undefined ? 0 : Math.max(0, now() - letters.oldestAt) / 1000),
  )
  return {
    show: (feeds) => {
      shown = feeds
    },
  }
}

const named = (
  feeds: ReadonlyMap<string, FeedLetters>,
  known: ReadonlySet<string>,
): ReadonlyMap<string, FeedLetters> => {
  const joined = new Map<string, FeedLetters>()
  for (const [feed, { unsettled, oldestAt }] of feeds) {
    const name = known.has(feed) ? feed : 'other'
    const before = joined.get(name) ?? { unsettled: 0, oldestAt }
    joined.set(name, { unsettled: before.unsettled + unsettled, oldestAt: Math.min(before.oldestAt, oldestAt) })
  }
  return joined
}
