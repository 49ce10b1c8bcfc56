/** The database of a simulated world: answers late, fails, and reads its snapshot at any time after the call. */
import type { ObservableInput } from 'rxjs'
import type { BoardSpec } from '../../src/core/board-spec.js'
import { RanktideError } from '../../src/core/errors.js'
import type { RefillQuery, RefillRows } from '../../src/core/refill.js'
import type { GroupsQuery, GroupsRows, GroupsWanted } from '../../src/core/refill-groups.js'
import type { Base } from '../../src/operators/ports.js'
import { oracleTop } from './board-oracle.js'
import { type Fate, simulatedCall } from './simulated-call.js'
import { passes } from './simulated-rankings.js'
import type { Rows, SimulatedWorld } from './simulated-world.js'
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

  readGroups(query: GroupsQuery): ObservableInput<GroupsRows> {
    this.reads += 1
    return simulatedCall(this.#time, this.#fate(), () => readBestOfGroups(this.#world, query), failed)
  }

  mark(nonce: string): ObservableInput<void> {
    return simulatedCall(this.#time, this.#fate(), () => this.#world.mark(nonce), failed)
  }
}

/** The best `limit` rows as the world is now. */
export const readBest = (world: Pick<SimulatedWorld, 'rows'>, { board, limit }: RefillQuery): RefillRows =>
  bestOf(world.rows, board, limit)

/**
 * The same of groups. Values have an order of the database's own here, which is not that of their texts; the cursor is
 * the last value that was answered, whether or not it still exists.
 */
export const readBestOfGroups = (
  world: Pick<SimulatedWorld, 'rows'>,
  { board, limit, groups }: GroupsQuery,
): GroupsRows => {
  const grouped = new Map<string, Rows>()
  for (const [key, image] of world.rows) {
    const value = board.per === undefined ? null : (image[board.per] ?? null)
    if (value === null) continue
    const rows = grouped.get(value) ?? new Map()
    grouped.set(value, rows.set(key, image))
  }
  const { values, next } = groups.kind === 'listed' ? { values: groups.values, next: undefined } : page(groups, grouped)
  const answers = values.map((value) => [value, bestOf(grouped.get(value) ?? new Map(), board, limit)] as const)
  return { groups: new Map(answers), next }
}

/** As SQL that knows nothing of the filter: it looks further until enough rows pass, and gives all that it has seen. */
const bestOf = (rows: Rows, board: BoardSpec, limit: number): RefillRows => {
  const unfiltered: BoardSpec = { ...board, display: [0], where: undefined }
  for (let most = limit; ; most *= 2) {
    const members = new Set(oracleTop(unfiltered, rows, most).map(memberIn))
    const read = [...rows].filter(([key]) => members.has(key)).map(([key, image]) => ({ key, image }))
    const complete = read.length < most
    if (complete || read.filter(({ image }) => passes(board, image)).length >= limit) return { rows: read, complete }
  }
}

const backwards = (text: string): string => [...text].reverse().join('')

const page = ({ after, most }: Extract<GroupsWanted, { kind: 'range' }>, grouped: ReadonlyMap<string, Rows>) => {
  const all = [...grouped.keys()].sort((a, b) => (backwards(a) < backwards(b) ? -1 : 1))
  const rest = after === undefined ? all : all.filter((value) => backwards(value) > backwards(after))
  const values = rest.slice(0, most)
  return { values, next: rest.length > most ? values.at(-1) : undefined }
}

const memberIn = (json: string): string => String((JSON.parse(json) as { id: number }).id)
