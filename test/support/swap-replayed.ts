/** `replay --apply --force` in a history: planned as the command plans it, and carried out on the boards in memory. */
import type { Entry } from '../../src/core/board-content.js'
import { definitionOf } from '../../src/core/board-definition.js'
import type { BoardSpec } from '../../src/core/board-spec.js'
import type { Positions } from '../../src/core/positions.js'
import type { LiveBoard } from '../../src/redis/replay-store.js'
import { planSwap } from '../../src/replay/swap-plan.js'
import { oracleTop } from './board-oracle.js'
import type { Rows } from './simulated-world.js'
import { topic } from './simulated-world.js'
import type { WatchedBoards } from './watched-boards.js'

export interface ReplayedRange {
  readonly positions: Positions
  readonly newest: ReadonlyMap<string, number>
}

export const swapReplayed = (redis: WatchedBoards, spec: BoardSpec, rows: Rows, range: ReplayedRange): void => {
  const { name } = spec
  const entries = oracleTop(spec, rows).map(entryOf)
  const complete = oracleTop(spec, rows, rows.size).length === entries.length
  const board = { name, value: undefined, entries, complete }
  const result = { ...range, definition: definitionOf(spec, [topic]) }
  const options = { topics: [topic], force: true }
  const plan = planSwap(liveOf(redis, name), board, result, options)
  if (plan.kind === 'refused') redis.complain(`refused: ${plan.why}`)
  if (plan.kind !== 'swap') return
  redis.swap(name, plan.swap)
  const again = planSwap(liveOf(redis, name), board, result, options)
  if (again.kind !== 'nothing') redis.complain(`${name} was replayed twice, and ${again.kind} came of the second time`)
}

const entryOf = (row: string): Entry => {
  const told = JSON.parse(row) as { id: number; likes?: number | null; score?: number | string }
  return { member: String(told.id), score: String(Number(told.score ?? told.likes)), row }
}

const liveOf = ({ boards }: WatchedBoards, name: string): LiveBoard => {
  const { epoch, owner, version, meta } = boards.get(name) ?? {}
  return {
    stored: { epoch, owner, version, confirmedAt: undefined, meta },
    entries: boards.entries(name, true),
    confirmation: boards.confirmed ?? { positions: new Map(), versions: new Map() },
    confirmedAt: undefined,
  }
}
