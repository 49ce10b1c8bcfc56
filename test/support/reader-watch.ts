/** Polls one reader of the board without a pause, and judges every answer by the history of what was true. */
import { setTimeout as delay } from 'node:timers/promises'
import type { TrueBoards } from './true-boards.js'
import type { Answer } from './worker-process.js'

export interface WatchRules {
  /** An answer may be older than what was committed by this much, ms. */
  readonly lagLimit: number
  /** Older ones are right too if they say that they are stale, and their age is true: within the lag limit. */
  readonly mayBeStale: boolean
}

/** An answer that was right by itself. */
export interface Seen {
  readonly at: number
  readonly sequence: number
  readonly lag: number
  readonly state: string | null
  /** Seconds. */
  readonly age: number | undefined
}

const every = 50
/** More would only hide the first. */
const mostFaults = 10

const worst = (seen: readonly Seen[]): number => seen.reduce((most, { lag }) => Math.max(most, lag), 0)

export class ReaderWatch {
  readonly name: string
  /** What was wrong, in words. */
  readonly faults: string[] = []
  readonly seen: Seen[] = []
  readonly #boards: TrueBoards
  readonly #rules: WatchRules
  readonly #read: () => Promise<Answer | undefined>
  readonly #running: Promise<void>
  #stopped = false

  /** `read`: undefined when the reader is meant to be away. What it throws is a fault. */
  constructor(name: string, boards: TrueBoards, rules: WatchRules, read: () => Promise<Answer | undefined>) {
    this.name = name
    this.#boards = boards
    this.#rules = rules
    this.#read = read
    this.#running = this.#watch()
  }

  async stop(): Promise<void> {
    this.#stopped = true
    await this.#running
  }

  get worstLag(): number {
    return worst(this.seen)
  }

  get worstExactLag(): number {
    return worst(this.seen.filter(({ state }) => state === 'exact'))
  }

  /** Answers asked for since then, by performance.now(). */
  since(moment: number): readonly Seen[] {
    return this.seen.filter(({ at }) => at >= moment)
  }

  async #watch(): Promise<void> {
    while (!this.#stopped) {
      const asked = performance.now()
      try {
        const answer = await this.#read()
        if (answer !== undefined) this.#judge(answer, asked)
      } catch (error) {
        this.#fault(asked, `no answer: ${error instanceof Error ? `${error.message} ${error.cause ?? ''}` : error}`)
      }
      await delay(every)
    }
  }

  #judge(answer: Answer, asked: number): void {
    const { status, body, state, reason, age } = answer
    const claim = `${state} ${reason ?? ''} age ${age}`
    if (status !== 200) {
      this.#fault(asked, `answered ${status}: ${body}`)
      return
    }
    const judgement = this.#boards.judge(body, asked)
    if (!judgement.known) {
      this.#fault(asked, `${judgement.why} (${claim}): ${body}`)
      return
    }
    const { sequence, lag } = judgement
    this.seen.push({ at: asked, sequence, lag, state, age })
    const { lagLimit, mayBeStale } = this.#rules
    const saysSo = mayBeStale && (state === 'stale' || state === 'degraded') && lag <= (age ?? 0) * 1_000 + lagLimit
    if (lag > lagLimit && !saysSo) this.#fault(asked, `${Math.round(lag)} ms behind at ${sequence} (${claim})`)
  }

  #fault(at: number, what: string): void {
    if (this.faults.length < mostFaults) this.faults.push(`${this.name} at ${Math.round(at)} ms: ${what}`)
  }
}
