/**
 * Says of one read whether it told the truth. Pure: what it knows is the history of true boards, the outages, and what
 * the same reader was told before.
 *
 * A read claims to be current by the state `exact` or `assumed`. What else it may be is in docs/bad-day.md.
 */
import type { Asked, FaultWindow, Outages } from './outages.js'
import type { TrueHistory } from './true-history.js'

/** What a reader was told. */
export interface ToldBoard {
  /** The rows as JSON texts, best first, joined by commas. */
  readonly content: string
  readonly state: string
  readonly reason: string
  /** Seconds; undefined: not told. */
  readonly age: number | undefined
  readonly version: number | undefined
}

export interface Read {
  /** What gave the answer; what it shows may not go backwards. */
  readonly source: string
  readonly asked: Asked
  /** When it was asked for, and when the answer was there; ms, monotonic. */
  readonly began: number
  readonly ended: number
  /** The board, or why there is none. */
  readonly told: ToldBoard | { readonly missing: string }
}

export type Verdict =
  /** `lag`: ms for which the board had been out of date. */
  | { readonly kind: 'current'; readonly lag: number }
  /** Behind, and says so by its age or its state, during an outage. */
  | { readonly kind: 'honest'; readonly lag: number }
  | { readonly kind: 'excused'; readonly why: string }
  | Violation

export interface Violation {
  readonly kind: 'violation'
  readonly rule: Rule
  /** What was true, in words. */
  readonly truth: string
}

/** The rules that can be broken. Those of `lies` are broken by reads that claim to be current. */
export type Rule =
  | 'claimed exact, never true'
  | 'claimed exact, too old'
  | 'claimed exact, went backwards'
  | 'claimed exact, one version with two contents'
  | 'late'
  | 'not exact without an outage'
  | 'not exact, never true'
  | 'not exact, older than its age'
  | 'not exact, age not true'
  | 'no answer'

export const isLie = (rule: Rule): boolean => rule.startsWith('claimed exact')

/** All ms. */
export const limits = {
  /** How far behind a board may be that claims to be current. */
  lag: 1_000,
  /** Up to this an age is an excuse for a board that claims to be current; older ones have to say `stale`. */
  exactAge: 3_000,
  /** By how much the age of a stale board may exceed the outage: the time between two confirmations, and a margin. */
  ageBeforeOutage: 3_000,
} as const

const isExact = ({ state }: ToldBoard): boolean => state === 'exact' || state === 'assumed'

interface Shown {
  readonly ended: number
  readonly place: number
}

interface Version {
  readonly content: string
  readonly source: string
}

const versionsKept = 2_000

export class Judge {
  readonly #history: TrueHistory
  readonly #outages: Outages
  /** What each source has shown as current: the newest place by the time at which it had been shown. */
  readonly #shown = new Map<string, Shown[]>()
  readonly #versions = new Map<number, Version>()

  constructor(history: TrueHistory, outages: Outages) {
    this.#history = history
    this.#outages = outages
  }

  /** To be called in the order in which answers came. */
  judge(read: Read): Verdict {
    const outage = this.#outages.felt(read.began, read.ended)
    const { told } = read
    if ('missing' in told) {
      if (outage?.away === read.asked) return { kind: 'excused', why: `${outage.name}: ${told.missing}` }
      return violation('no answer', told.missing)
    }
    return isExact(told) ? this.#exact(read, told, outage) : this.#stale(read, told, outage)
  }

  #exact(read: Read, told: ToldBoard, outage: FaultWindow | undefined): Verdict {
    const places = this.#history.placesOf(told.content, read.ended)
    const newest = places.at(-1)
    if (newest === undefined) return violation('claimed exact, never true', this.#nearest())
    const lag = this.#history.behind(newest, read.began)
    const before = this.#shownBefore(read)
    const place = places.find((one) => one >= before)
    if (place === undefined) {
      const text = `board ${newest} of the history after board ${before} had been shown`
      return violation('claimed exact, went backwards', text)
    }
    this.#show(read, place)
    const other = this.#otherContent(read, told)
    if (other !== undefined) return violation('claimed exact, one version with two contents', other)
    const age = Math.min((told.age ?? 0) * 1_000, limits.exactAge)
    if (lag <= limits.lag) return { kind: 'current', lag }
    if (lag > limits.lag + age) return violation('claimed exact, too old', behindText(lag))
    return outage === undefined ? violation('late', behindText(lag)) : { kind: 'honest', lag }
  }

  #stale(read: Read, told: ToldBoard, outage: FaultWindow | undefined): Verdict {
    if (outage === undefined)
      return violation('not exact without an outage', 'nothing was broken that readers may feel')
    const newest = this.#history.placesOf(told.content, read.ended).at(-1)
    if (newest === undefined) return violation('not exact, never true', this.#nearest())
    const lag = this.#history.behind(newest, read.began)
    if (told.age === undefined) return violation('not exact, age not true', `no age told; ${behindText(lag)}`)
    const age = told.age * 1_000
    if (lag > age + limits.lag) return violation('not exact, older than its age', behindText(lag))
    const broken = read.ended - this.#outages.brokenSince(outage)
    if (age > broken + limits.ageBeforeOutage)
      return violation('not exact, age not true', `broken for ${seconds(broken)} only; ${behindText(lag)}`)
    return { kind: 'honest', lag }
  }

  /** The newest place that the source had shown before this read was asked for; −1: none. */
  #shownBefore({ source, began }: Read): number {
    return this.#shown.get(source)?.findLast(({ ended }) => ended <= began)?.place ?? -1
  }

  #show({ source, began, ended }: Read, place: number): void {
    const shown = this.#shown.get(source) ?? []
    // Reads overlap: only the newest that had been answered before the oldest one under way is of interest.
    const kept = shown.findLastIndex((one) => one.ended <= began - 10_000)
    const rest = kept > 0 ? shown.slice(kept) : shown
    if (place > (rest.at(-1)?.place ?? -1)) rest.push({ ended, place })
    this.#shown.set(source, rest)
  }

  /** What the same version was before, if it was something else. */
  #otherContent({ source }: Read, { version, content }: ToldBoard): string | undefined {
    if (version === undefined) return undefined
    const known = this.#versions.get(version)
    if (known !== undefined)
      return known.content === content ? undefined : `${known.source} told version ${version} with ${known.content}`
    this.#versions.set(version, { content, source })
    const [oldest] = this.#versions.keys()
    if (this.#versions.size > versionsKept && oldest !== undefined) this.#versions.delete(oldest)
    return undefined
  }

  #nearest(): string {
    return `true at the end: ${this.#history.content ?? 'nothing'}`
  }
}

const violation = (rule: Rule, truth: string): Violation => ({ kind: 'violation', rule, truth })

const seconds = (ms: number): string => `${(ms / 1_000).toFixed(2)} s`

const behindText = (lag: number): string => (lag === 0 ? 'a current board' : `out of date for ${seconds(lag)}`)
