/**
 * What the process says of itself. It answers for the boards where there are any, since it is readers that are sent to it:
 * ready when every board can be served, from its own memory or from Redis. Where boards are down by a fatal error, a
 * counter that counts is reason enough to be ready: nothing else would come of sending nobody. Without boards it is ready
 * when a counter counts.
 *
 * A board that is new in the configuration is not waited for by a standby: the owner still runs without it, and would go
 * on for ever if a rollout waited for its successor to have the board. Nor is it once such a standby is the owner: it
 * goes on being ready while it fills the board, since the others are not better off.
 */
import { isWell } from '../core/board-content.js'
import type { BoardQueries } from '../http/board-queries.js'
import type { Health, HealthCheck, HealthPart } from '../http/health.js'

export interface HealthSources {
  /** This replica stands by for an owner who does not keep a board of that name. */
  readonly isNew?: (board: string) => boolean
  /** Feeds that are down by a fatal error. */
  readonly faults?: () => readonly HealthCheck[]
  /** One line a counter, and the history; undefined: nothing is counted here. */
  readonly counters?: () => readonly HealthCheck[]
}

export class WorkerHealth implements Health {
  readonly #boards: BoardQueries
  readonly #closing: () => boolean
  readonly #sources: HealthSources
  /** Boards that were new when this replica came to serve the others. */
  readonly #notAwaited = new Set<string>()
  #started = false
  /** What the start waits for; empty when it waits for nothing. */
  #waiting = ''

  constructor(boards: BoardQueries, closing: () => boolean, sources: HealthSources = {}) {
    this.#boards = boards
    this.#closing = closing
    this.#sources = sources
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

  ready(only?: HealthPart): { readonly ok: boolean; readonly checks: readonly HealthCheck[] } {
    const faults = this.#sources.faults?.() ?? []
    const start: HealthCheck[] = this.#waiting === '' ? [] : [{ name: 'start', ok: false, detail: this.#waiting }]
    const boards = [...start, ...faults, ...this.#boardChecks()]
    const counters = this.#sources.counters?.()
    const served = this.#served()
    const counts = counters?.some(({ ok }) => ok) === true
    if (only === 'boards') return { ok: served, checks: boards }
    if (only === 'counters') return { ok: counters === undefined || counts, checks: counters ?? [] }
    const checks = [...boards, ...(counters ?? [])]
    if (counters === undefined) return { ok: served, checks }
    const instead = this.#boards.list().length === 0 || faults.length > 0
    return { ok: instead ? counts || (faults.length > 0 && served) : served, checks }
  }

  #boardChecks(): readonly HealthCheck[] {
    return this.#boards.list().map(({ name, status }): HealthCheck => {
      const detail = status.reason === '' ? status.state : `${status.state}: ${status.reason}`
      return { name, ok: isWell(status), detail }
    })
  }

  #served(): boolean {
    return this.#boards.list().every(({ name }) => this.#boards.read(name) !== undefined || this.#needNotHave(name))
  }

  #needNotHave(name: string): boolean {
    // Until the tables are known no board can be served, new or not.
    if (this.#started && this.#sources.isNew?.(name) === true) this.#notAwaited.add(name)
    return this.#notAwaited.has(name)
  }

  draining(): boolean {
    return this.#closing()
  }
}
