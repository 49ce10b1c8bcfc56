/** What the process says of itself: ready when every board can be served, from its own memory or from Redis. */
import type { BoardQueries } from '../http/board-queries.js'
import type { Health, HealthCheck } from '../http/health.js'

export class WorkerHealth implements Health {
  readonly #boards: BoardQueries
  readonly #closing: () => boolean
  #started = false
  /** What the start waits for; empty when it waits for nothing. */
  #waiting = ''

  constructor(boards: BoardQueries, closing: () => boolean) {
    this.#boards = boards
    this.#closing = closing
  }

  waitsFor(what: string): void {
    this.#waiting = what
  }

  start(): void {
    this.#started = true
    this.#waiting = ''
  }

  started(): boolean {
    return this.#started
  }

  ready(): { readonly ok: boolean; readonly checks: readonly HealthCheck[] } {
    const boards = this.#boards.list().map(({ name, status }): HealthCheck => {
      const detail = status.reason === '' ? status.state : `${status.state}: ${status.reason}`
      return { name, ok: status.state === 'exact' || status.state === 'assumed', detail }
    })
    const start: HealthCheck[] = this.#waiting === '' ? [] : [{ name: 'start', ok: false, detail: this.#waiting }]
    const ok = boards.every(({ name }) => this.#boards.read(name) !== undefined)
    return { ok, checks: [...start, ...boards] }
  }

  draining(): boolean {
    return this.#closing()
  }
}
