/**
 * A clock that moves only when told, and a scheduler for rxjs that runs on it. Deterministic: what is due at the same
 * time runs in the order in which it was scheduled. `advance` runs intervals as often as they fall due; `sleep` is a
 * process that was stopped for a while: everything overdue runs once, late.
 */
import { type SchedulerAction, type SchedulerLike, Subscription } from 'rxjs'

/** More work than this within one move of the clock is a loop that never ends. */
const most = 100_000

export class VirtualTime implements SchedulerLike {
  #now: number
  #turns = 0
  /** Sorted by time, then by turn; the next one last. */
  readonly #due: Due<unknown>[] = []

  constructor(now: number) {
    this.#now = now
  }

  now(): number {
    return this.#now
  }

  schedule<T>(work: (this: SchedulerAction<T>, state?: T) => void, delay = 0, state?: T): Subscription {
    return new Due<T>(this, work).schedule(state, delay)
  }

  enqueue(due: Due<unknown>, delay: number): void {
    due.at = this.#now + Math.max(0, delay)
    this.#turns += 1
    due.turn = this.#turns
    let place = this.#due.length
    while (place > 0 && isLater(due, this.#due[place - 1])) place -= 1
    this.#due.splice(place, 0, due)
  }

  advance(ms: number): void {
    const until = this.#now + ms
    this.#run(until)
    this.#now = until
  }

  sleep(ms: number): void {
    this.#now += ms
    this.#run(this.#now)
  }

  #run(until: number): void {
    for (let count = 0; ; count++) {
      const next = this.#due.at(-1)
      if (next === undefined || next.at > until) return
      if (count > most) throw new Error(`more than ${most} steps within one move of the clock`)
      this.#due.pop()
      if (next.closed) continue
      this.#now = Math.max(this.#now, next.at)
      next.run()
    }
  }
}

const isLater = (due: Due<unknown>, than: Due<unknown> | undefined): boolean =>
  than !== undefined && (due.at > than.at || (due.at === than.at && due.turn > than.turn))

class Due<T> extends Subscription implements SchedulerAction<T> {
  at = 0
  turn = 0
  readonly #time: VirtualTime
  readonly #work: (this: SchedulerAction<T>, state?: T) => void
  #state: T | undefined
  #waiting = false

  constructor(time: VirtualTime, work: (this: SchedulerAction<T>, state?: T) => void) {
    super()
    this.#time = time
    this.#work = work
  }

  schedule(state?: T, delay = 0): Subscription {
    if (this.closed) return this
    this.#state = state
    this.#waiting = true
    this.#time.enqueue(this as Due<unknown>, delay)
    return this
  }

  run(): void {
    this.#waiting = false
    this.#work.call(this, this.#state)
    if (!this.#waiting) this.unsubscribe()
  }
}
