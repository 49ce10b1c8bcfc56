/**
 * A table that changes all the time and a board in Redis that follows it some way behind, in virtual time: what
 * verification asks takes time, in which both move on.
 */
import type { Entry } from '../../src/core/board-content.js'
import type { TableWitness, Testimony, VerifyPorts, WitnessedBoard } from '../../src/operators/verify-ports.js'
import { Draws } from './draws.js'

const size = 8
const rowCount = 14
export const boardName = 'likes'

interface Row {
  readonly score: number
  readonly title: string
}

export interface WorldOptions {
  readonly seed: number
  /** Turns what Redis would show into what it shows. */
  readonly fault?: (entries: readonly Entry[]) => readonly Entry[]
  /** From this time on the owner confirms nothing, and its board stays as it is, ms. */
  readonly frozenAt?: number
  readonly owner?: string | undefined
}

/** Rows 1 to 4 are hot, 5 to 8 flip and jump over the edge of the board, the others stand still. */
export class VerifyWorld implements VerifyPorts {
  readonly #options: WorldOptions
  readonly #draws = new Draws()
  readonly #rows = new Map<number, Row>()
  /** The board at each ms. */
  readonly #history: (readonly Entry[])[] = []
  #board: readonly Entry[] = []
  /** What of the history Redis shows, ms. */
  #reached = 0
  #heartbeat = 0
  readonly table: TableWitness
  readonly redis: { read(names: readonly string[]): Promise<Testimony> }

  constructor(options: WorldOptions) {
    this.#options = options
    this.#draws.seed(options.seed)
    for (let id = 1; id <= rowCount; id++) this.#rows.set(id, { score: 100 + id, title: `t${id}` })
    this.#rows.set(1, { score: 2_000_000, title: 't1' })
    for (const id of [13, 14]) this.#rows.set(id, { score: 1_000_000 + id, title: `still ${id}` })
    this.#board = this.#best()
    this.#pass(1_500)
    this.table = { read: (names) => this.#readTable(names) }
    this.redis = { read: (names) => this.#readRedis(names) }
  }

  readonly now = (): number => this.#history.length

  readonly random = (): number => this.#draws.below(1_000) / 1_000

  readonly wait = (ms: number): Promise<void> => {
    this.#pass(Math.ceil(ms))
    return Promise.resolve()
  }

  #readTable(names: readonly string[]): Promise<ReadonlyMap<string, readonly Entry[]>> {
    this.#pass(this.#draws.below(30))
    const board = this.#history.at(-1) ?? []
    this.#pass(this.#draws.below(30))
    return Promise.resolve(new Map(names.map((name) => [name, board])))
  }

  #readRedis(names: readonly string[]): Promise<Testimony> {
    this.#pass(1 + this.#draws.below(3))
    const confirmedAt = this.#heartbeat
    this.#pass(this.#draws.below(3))
    const held = this.#history[this.#reached] ?? []
    const board: WitnessedBoard = {
      entries: this.#options.fault?.(held) ?? held,
      version: 1,
      status: { state: 'exact', reason: '' },
      foreign: false,
      confirmedAt,
    }
    const owner = 'owner' in this.#options ? this.#options.owner : 'one'
    return Promise.resolve({ now: this.now(), owner, boards: new Map(names.map((name) => [name, board])) })
  }

  #pass(ms: number): void {
    for (let i = 0; i < ms; i++) {
      if (this.#draws.below(10) === 0) this.#change()
      this.#history.push(this.#board)
      if (this.now() >= (this.#options.frozenAt ?? Number.POSITIVE_INFINITY)) continue
      const target = this.now() - 20 - this.#draws.below(400)
      this.#reached = Math.max(this.#reached, target)
      if (this.now() % 1_000 === 0) this.#heartbeat = this.#reached
    }
  }

  #change(): void {
    const id = 1 + this.#draws.below(8)
    const row = this.#rows.get(id) ?? { score: 0, title: '' }
    if (id <= 4) this.#rows.set(id, { ...row, score: row.score + 1 + (id === 1 ? 1_000 : 0) })
    else if (id === 5) this.#rows.set(id, { ...row, title: row.title === 'x' ? 'y' : 'x', score: 900_000 })
    else if (id === 6) this.#rows.set(id, { ...row, score: row.score === 800_000 ? 1 : 800_000 })
    else if (this.#rows.has(id) && this.#draws.below(3) === 0) this.#rows.delete(id)
    else this.#rows.set(id, { title: `v${this.#draws.below(3)}`, score: this.#draws.below(1_000) * 1_000 })
    this.#board = this.#best()
  }

  #best(): readonly Entry[] {
    return [...this.#rows]
      .sort(([a, one], [b, other]) => other.score - one.score || b - a)
      .slice(0, size)
      .map(([id, { score, title }]) => ({
        member: String(id),
        score: String(score),
        row: JSON.stringify({ id, title, score }),
      }))
  }
}
