/** The database of a simulated world: answers late, fails, and reads its snapshot at any time after the call. */
import type { ObservableInput } from 'rxjs'
import { RanktideError } from '../../src/core/errors.js'
import type { RefillQuery, RefillRows } from '../../src/core/refill.js'
import type { Base } from '../../src/operators/ports.js'
import { oracleTop } from './board-oracle.js'
import { type Fate, simulatedCall } from './simulated-call.js'
import type { SimulatedWorld } from './simulated-world.js'
import type { VirtualTime } from './virtual-time.js'

const failed = (): RanktideError => new RanktideError('DATABASE_TIMEOUT', 'simulated')

export class SimulatedBase implements Base {
  readonly marks: boolean
  /** How many queries were asked. */
  reads = 0
  readonly #world: SimulatedWorld
  readonly #time: VirtualTime
  readonly #fate: () => Fate

  constructor(world: SimulatedWorld, time: VirtualTime, marks: boolean, fate: () => Fate) {
    this.#world = world
    this.#time = time
    this.marks = marks
    this.#fate = fate
  }

  read(query: RefillQuery): ObservableInput<RefillRows> {
    this.reads += 1
    return simulatedCall(this.#time, this.#fate(), () => readBest(this.#world, query), failed)
  }

  mark(nonce: string): ObservableInput<void> {
    return simulatedCall(this.#time, this.#fate(), () => this.#world.mark(nonce), failed)
  }
}

/** The best `limit` rows as the world is now. */
export const readBest = (world: SimulatedWorld, { board, limit }: RefillQuery): RefillRows => {
  const members = new Set(oracleTop({ ...board, display: [0] }, world.rows, limit).map(memberIn))
  const rows = world.snapshot().filter(({ key }) => members.has(key))
  return { rows, complete: rows.length < limit }
}

const memberIn = (json: string): string => String((JSON.parse(json) as { id: number }).id)
