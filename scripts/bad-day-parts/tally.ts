/** The sum over all verdicts: the number, what is left out of it, and every violation. */
import type { Read, Rule, Verdict } from './judge.js'
import { isLie } from './judge.js'

export interface ViolatedRead {
  /** ms since the start. */
  readonly at: number
  readonly source: string
  readonly rule: Rule
  readonly claimed: string
  readonly truth: string
  /** What was broken at that time; '': nothing. */
  readonly during: string
}

/** A day on which fewer are truthful is a failed one, %. */
export const goal = 99.9

export interface OneNumber {
  /** % of the reads that count; 0 as soon as one claimed to be exact and was wrong. */
  readonly rate: number
  readonly reads: number
  readonly current: number
  /** Behind, and said so. */
  readonly honest: number
  readonly violations: number
  /** Of them: claimed to be exact and were wrong. */
  readonly lies: number
  readonly excused: number
}

/** Cut off, not rounded: 99.899 is not 99.9. */
export const shownRate = (rate: number): string => `${(Math.floor(rate * 1_000) / 1_000).toFixed(3)} %`

const quote = (text: string): string => (text.length <= 400 ? text : `${text.slice(0, 400)}…`)

export const claimOf = ({ told }: Read): string => {
  if ('missing' in told) return `nothing (${told.missing})`
  const { state, reason, age, version, content } = told
  const why = reason === '' ? '' : ` (${reason})`
  return `${state}${why}, age ${age ?? 'not told'}, version ${version ?? 'not told'}: ${quote(content)}`
}

export interface Counts {
  current: number
  /** Behind, and said so. */
  honest: number
  violation: number
  excused: number
}

export class Tally {
  readonly violations: ViolatedRead[] = []
  readonly #start: number
  /** By what was broken meanwhile; '': nothing. */
  readonly counts = new Map<string, Counts>()
  #lies = 0
  /** Worst lag of a read that was current while nothing was broken, ms. */
  worstLag = 0

  /** `start`: the moment that times are told from. */
  constructor(start: number) {
    this.#start = start
  }

  add(read: Read, verdict: Verdict, during: string): void {
    const counts = this.counts.get(during) ?? { current: 0, honest: 0, violation: 0, excused: 0 }
    this.counts.set(during, counts)
    counts[verdict.kind] += 1
    if (verdict.kind === 'current' && during === '') this.worstLag = Math.max(this.worstLag, verdict.lag)
    if (verdict.kind !== 'violation') return
    const { rule, truth } = verdict
    if (isLie(rule)) this.#lies += 1
    const at = read.began - this.#start
    const claimed = claimOf(read)
    this.violations.push({ at, source: read.source, rule, claimed, truth: quote(truth), during })
  }

  number(): OneNumber {
    const sum = (kind: keyof Counts): number => [...this.counts.values()].reduce((all, one) => all + one[kind], 0)
    const [current, honest, violations, excused] = [sum('current'), sum('honest'), sum('violation'), sum('excused')]
    const judged = current + honest + violations
    const rate = this.#lies > 0 || judged === 0 ? 0 : (100 * (judged - violations)) / judged
    return { rate, reads: judged + excused, current, honest, violations, lies: this.#lies, excused }
  }
}
