/** Tells whether every reader is served as if nothing had happened: for so long, each was told only current boards. */
import type { Verdict } from './judge.js'

/** ms. */
const calm = 2_000
/** A source that was not read lately is not served. */
const recent = 500

interface Seen {
  current: number
  other: number
}

export class RecoveryWatch {
  readonly #seen: ReadonlyMap<string, Seen>

  constructor(sources: readonly string[], since: number) {
    this.#seen = new Map(sources.map((source) => [source, { current: Number.NEGATIVE_INFINITY, other: since }]))
  }

  /** The verdict on a read of this source that was answered at `at`, ms. */
  add(source: string, { kind }: Verdict, at: number): void {
    const seen = this.#seen.get(source)
    if (seen === undefined) return
    if (kind === 'current') seen.current = at
    else seen.other = at
  }

  recovered(now: number): boolean {
    return this.missing(now).length === 0
  }

  /** The sources that are not served as before. */
  missing(now: number): readonly string[] {
    const sources = [...this.#seen]
    return sources
      .filter(([, { current, other }]) => now - current > recent || now - other < calm)
      .map(([name]) => name)
  }
}
