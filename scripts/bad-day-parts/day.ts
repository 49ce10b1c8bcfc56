/**
 * A day: readers and writer at their steady rates, one fault after the other, and every read judged.
 * Everything that is started has to be running; ends when the last fault is over and every reader is served again.
 */
import { setTimeout as delay } from 'node:timers/promises'
import { type Fault, rememberPlace, type Surroundings } from './faults.js'
import type { Judge, Read, Verdict } from './judge.js'
import type { FaultWindow, Outages } from './outages.js'
import { RecoveryWatch } from './recovery-watch.js'
import { shownRate, type Tally } from './tally.js'
import type { TrueHistory } from './true-history.js'

export interface DayParts {
  readonly surroundings: Surroundings
  readonly history: TrueHistory
  readonly outages: Outages
  readonly judge: Judge
  readonly tally: Tally
  readonly start: number
  readonly say: (line: string) => void
}

/** What is not recovered by then never will be, ms. */
const lastPatience = 60_000
const patienceAtFirst = 15_000
const progressEvery = 5_000
/** Between two faults, ms: reads of that time have no excuse. */
const between = 1_500

export class Day {
  readonly #parts: DayParts
  #recovery: RecoveryWatch
  readonly #sources: readonly string[]
  readonly #ticker: NodeJS.Timeout
  /** Reads of Redis whose content was out of date for more than a second, whatever the state said. */
  bareBehind = 0
  /** Faults after which readers were not served as before in time. */
  readonly unrecovered: string[] = []

  constructor(parts: DayParts) {
    this.#parts = parts
    this.#sources = [...parts.surroundings.replicas.map(({ name }) => `http ${name}`), 'redis']
    this.#recovery = new RecoveryWatch(this.#sources, performance.now())
    this.#ticker = setInterval(() => parts.say(this.#progress()), progressEvery)
  }

  end(): void {
    clearInterval(this.#ticker)
  }

  add(read: Read): void {
    const { judge, tally, outages, history } = this.#parts
    const verdict: Verdict = judge.judge(read)
    const during = outages.during(read.began, read.ended)
    tally.add(read, verdict, during?.name ?? '')
    this.#recovery.add(read.source, verdict, read.ended)
    if (read.asked !== 'redis' || 'missing' in read.told) return
    const place = history.placesOf(read.told.content, read.ended).at(-1)
    if (place === undefined || history.behind(place, read.began) > 1_000) this.bareBehind += 1
  }

  /** Waits for the day to begin well; false if it does not. */
  async begins(): Promise<boolean> {
    if (await this.calm(patienceAtFirst)) return true
    this.unrecovered.push(`before anything was broken: ${this.#recovery.missing(performance.now()).join(', ')}`)
    return false
  }

  /** One fault, until every reader is served again; false if that does not come about. */
  async suffer(fault: Fault): Promise<boolean> {
    const { surroundings, outages, say } = this.#parts
    await rememberPlace(surroundings)
    const window = outages.begin({ name: fault.name, away: fault.away, felt: fault.felt !== false }, performance.now())
    say(`${this.#time()}  ▼ ${fault.name}`)
    await fault.strike(surroundings)
    window.ended = performance.now()
    const recovered = await this.#recover(fault, window, window.ended)
    await delay(between)
    return recovered
  }

  /** Waits until all readers are served as before; true if they are within `limit` ms. */
  async calm(limit: number): Promise<boolean> {
    this.#recovery = new RecoveryWatch(this.#sources, performance.now())
    const end = performance.now() + limit
    while (!this.#recovery.recovered(performance.now())) {
      if (performance.now() >= end) return false
      await delay(20)
    }
    return true
  }

  async #recover(fault: Fault, window: FaultWindow, ended: number): Promise<boolean> {
    const { say } = this.#parts
    const inTime = await this.calm(fault.allowance)
    window.closed = performance.now()
    const lasted = seconds(ended - window.began)
    if (inTime) {
      say(`${this.#time()}  ▲ ${fault.name}: lasted ${lasted}, recovered after ${seconds(window.closed - ended)}`)
      return true
    }
    const waiting = this.#recovery.missing(window.closed).join(', ')
    say(`${this.#time()}  ▲ ${fault.name}: lasted ${lasted}, NOT recovered in ${seconds(fault.allowance)}: ${waiting}`)
    this.unrecovered.push(`${fault.name}: ${waiting}`)
    return this.calm(lastPatience)
  }

  #time(): string {
    return seconds(performance.now() - this.#parts.start).padStart(8)
  }

  #progress(): string {
    const { tally, surroundings, outages } = this.#parts
    const { rate, reads, violations, lies, excused } = tally.number()
    const open = outages.windows.findLast(({ closed }) => closed === undefined)
    const told = `${reads} reads, ${shownRate(rate)} truthful, ${violations} violations (${lies} lies), ${excused} excused`
    return `${this.#time()}    ${told}, ${surroundings.writer.statements} statements${open ? `; ${open.name}` : ''}`
  }
}

const seconds = (ms: number): string => `${(ms / 1_000).toFixed(1)} s`
