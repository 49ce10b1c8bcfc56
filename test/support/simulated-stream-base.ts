/** A base that is made of the simulated topics themselves: late and failing, its rows of the position where it answers. */
import type { ObservableInput } from 'rxjs'
import { RanktideError } from '../../src/core/errors.js'
import type { RefillQuery, RefillRows } from '../../src/core/refill.js'
import type { GroupsQuery, GroupsRows } from '../../src/core/refill-groups.js'
import type { Base } from '../../src/operators/ports.js'
import { readBest, readBestOfGroups } from './simulated-base.js'
import { type Fate, simulatedCall } from './simulated-call.js'
import type { SimulatedWorld } from './simulated-world.js'
import type { VirtualTime } from './virtual-time.js'

const failed = (): RanktideError => new RanktideError('KAFKA_FAILED', 'simulated')

export class SimulatedStreamBase implements Base {
  readonly marks = false
  /** How many questions were asked. */
  reads = 0
  readonly #world: SimulatedWorld
  readonly #time: VirtualTime
  readonly #fate: () => Fate

  constructor(world: SimulatedWorld, time: VirtualTime, fate: () => Fate) {
    this.#world = world
    this.#time = time
    this.#fate = fate
  }

  read(query: RefillQuery): ObservableInput<RefillRows> {
    return this.#answer((world) => readBest(world, query))
  }

  readGroups(query: GroupsQuery): ObservableInput<GroupsRows> {
    return this.#answer((world) => readBestOfGroups(world, query))
  }

  mark(): ObservableInput<void> {
    throw failed()
  }

  #answer<T>(question: (world: Pick<SimulatedWorld, 'rows'>) => T): ObservableInput<T> {
    this.reads += 1
    const answer = (): T => {
      const at = this.#world.ends()
      return { ...question({ rows: this.#world.foldedTo(at) }), at }
    }
    return simulatedCall(this.#time, this.#fate(), answer, failed)
  }
}
