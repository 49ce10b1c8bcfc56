/**
 * Which letters are open and which are settled, from all records of the dead-letter topic in their order.
 *
 * A copy of a letter is that letter. What is settled stays so, whatever copies come later: an event that was produced
 * again must not be a second time. Memory: at most `most` open letters (newer ones are only counted, until older ones are
 * settled and the topic is read again) and the last `most` settled ones.
 */
import {
  headersOf,
  type LetterEntry,
  type LetterSource,
  letterIdentity,
  type RawHeaders,
  readEntry,
  type Settlement,
} from './letter.js'

interface LedgerRecord {
  readonly offset: number
  /** ms since 1970 */
  readonly timestamp: number | undefined
  readonly headers?: RawHeaders
}

export interface LedgerLetter {
  /** Where its first copy stands in the dead-letter topic. */
  readonly id: number
  /** When that was written, ms since 1970. */
  readonly at: number
  readonly source: LetterSource
  readonly code: string
}

export interface OpenLetter extends LedgerLetter {
  /** Its counter has gone on without the event: it was not counted, and will not be read again. */
  passed: boolean
}

export interface SettledLetter {
  /** Undefined: the letter is no longer in the topic. */
  readonly letter: LedgerLetter | undefined
  readonly settlement: Settlement
}

export interface FeedLetters {
  readonly unsettled: number
  readonly oldestAt: number
}

const mostLetters = 200_000

export class LetterLedger {
  /** By identity, oldest first. */
  readonly open = new Map<string, OpenLetter>()
  readonly settled = new Map<string, SettledLetter>()
  readonly #most: number
  readonly #texts = new Map<string, string>()
  #untold = 0

  constructor(most = mostLetters) {
    this.#most = most
  }

  /** Open letters that it has no room for. */
  get untold(): number {
    return this.#untold
  }

  /** Where the oldest open letter stands in the dead-letter topic. */
  get firstOpen(): number | undefined {
    for (const { id } of this.open.values()) return id
    return undefined
  }

  settlementOf(source: LetterSource): SettledLetter | undefined {
    return this.settled.get(letterIdentity(source))
  }

  /** Open letters by feed, and when the oldest of them was written, ms since 1970. */
  feeds(): ReadonlyMap<string, FeedLetters> {
    const feeds = new Map<string, FeedLetters>()
    for (const { source, at } of this.open.values()) {
      const { unsettled, oldestAt } = feeds.get(source.feed) ?? { unsettled: 0, oldestAt: at }
      feeds.set(source.feed, { unsettled: unsettled + 1, oldestAt: Math.min(oldestAt, at) })
    }
    return feeds
  }

  /** One record of the topic, the next in their order; what ranktide has not written is passed over. */
  read({ offset, timestamp = 0, headers }: LedgerRecord): void {
    const entry = readEntry(headersOf(headers))
    if (entry !== undefined) this.add(offset, timestamp, entry)
  }

  /** `id`, `at`: where and when it was written. */
  add(id: number, at: number, entry: LetterEntry): void {
    const identity = letterIdentity(entry.source)
    switch (entry.kind) {
      case 'letter':
        this.#addLetter(identity, id, at, entry)
        return
      case 'passed': {
        const letter = this.open.get(identity)
        if (letter !== undefined) letter.passed = true
        return
      }
      case 'settled':
        this.#settle(identity, entry.settlement)
        return
    }
  }

  #addLetter(identity: string, id: number, at: number, entry: Extract<LetterEntry, { kind: 'letter' }>): void {
    if (this.settled.has(identity)) return
    const known = this.open.get(identity)
    if (known !== undefined) {
      // It was read again, and whoever did may not have got past it.
      known.passed = false
      return
    }
    if (this.open.size >= this.#most) {
      this.#untold++
      return
    }
    const { feed, topic } = entry.source
    const source = { ...entry.source, feed: this.#once(feed), topic: this.#once(topic) }
    this.open.set(identity, { id, at, source, code: this.#once(entry.code), passed: false })
  }

  #settle(identity: string, settlement: Settlement): void {
    const letter = this.open.get(identity)
    if (letter !== undefined) this.open.delete(identity)
    else if (!this.settled.has(identity) && this.#untold > 0) this.#untold--
    const { reason, by } = settlement
    const kept = { ...settlement, reason: this.#once(reason), by: this.#once(by) }
    if (!this.settled.has(identity)) this.settled.set(identity, { letter, settlement: kept })
    if (this.settled.size <= this.#most) return
    for (const oldest of this.settled.keys()) {
      this.settled.delete(oldest)
      return
    }
  }

  /** One text for all equal ones: they were made of bytes, each for itself. */
  #once(text: string): string {
    if (this.#texts.size > 10_000) this.#texts.clear()
    const known = this.#texts.get(text)
    if (known !== undefined) return known
    this.#texts.set(text, text)
    return text
  }
}
