/**
 * What the process says of itself: ready when every board can be served, from its own memory or from Redis.
 *
 * A board that is new in the configuration is not waited for by a standby: the owner still runs without it, and would go
 * on for ever if a rollout waited for its successor to have the board. Nor is it once such a standby is the owner: it
 * goes on being ready while it fills the board, since the others are not better off.
 */
import { isWell } from '../core/board-content.js'
import type { BoardQueries } from '../http/board-queries.js'
import type { Health, HealthCheck } from '../http/health.js'

export class WorkerHealth implements Health {
  readonly #boards: BoardQueries
  readonly #closing: () => boolean
  readonly #isNew: (board: string) => boolean
  /** Boards that were new when this replica came to serve the others. */
  readonly #notAwaited = new Set<string>()
  #started = false
  /** What the start waits for; empty when it waits for nothing. */
  #waiting = ''

  /** `isNew`: this replica stands by for an owner who does not keep a board of that name. */
  constructor(boards: BoardQueries, closing: () => boolean, isNew: (board: string) => boolean = () => false) {
    this.#boards = boards
    this.#closing = closing
    this.#isNew = isNew
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
      return { name, ok: isWell(status), detail }
    })
    const start: HealthCheck[] = this.#waiting === '' ? [] : [{ name: 'start', ok: false, detail: this.#waiting }]
    const ok = boards.every(({ name }) => this.#boards.read(name) !== undefined || this.#needNotHave(name))
    return { ok, checks: [...start, ...boards] }
  }

  #needNotHave(name: string): boolean {
    // Until the tables are known no board can be served, new or not.
    if (this.#started && this.#isNew(name)) this.#notAwaited.add(name)
    return this.#notAwaited.has(name)
  }

  draining(): boolean {
    return this.#closing()
  }
}
