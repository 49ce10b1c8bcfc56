/** Takes the groups of a split board, all that its registry knows. From here on every earlier owner is fenced. */
import type { BoardSpec } from '../core/board-spec.js'
import { groupName } from '../core/group-name.js'
import type { TakenBoard } from '../operators/ports.js'
import type { TakenSplit } from '../operators/restore-split.js'
import type { RedisBoardStore } from '../redis/board-store.js'
import type { Log } from '../runtime/log.js'

export interface SplitTaking {
  readonly store: Pick<RedisBoardStore, 'registered' | 'takeAll'>
  readonly log: Log
}

/** Groups that are taken at a time, and rows that they may have together. */
const groupsAtOnce = 500
const rowsAtOnce = 20_000
/** How often a long start says how far it is, ms. */
const progressEvery = 5_000

/** `stillOurs` throws when this is no longer the replica to take anything. */
export const takeSplit = async (
  { store, log }: SplitTaking,
  spec: BoardSpec,
  whole: TakenBoard,
  stillOurs: () => void,
): Promise<TakenSplit> => {
  const registry = await store.registered(spec.name)
  const values = [...registry.groups.keys()]
  const groups = new Map<string, TakenBoard>()
  const size = Math.max(1, Math.min(groupsAtOnce, Math.floor(rowsAtOnce / spec.size)))
  const begun = performance.now()
  let told = begun
  for (let from = 0; from < values.length; from += size) {
    stillOurs()
    const chunk = values.slice(from, from + size)
    const taken = await store.takeAll(chunk.map((value) => groupName(spec.name, value)))
    for (const [i, value] of chunk.entries()) {
      const found = taken[i]
      if (found !== undefined) groups.set(value, found)
    }
    if (performance.now() - told < progressEvery) continue
    told = performance.now()
    log.info({ board: spec.name, taken: groups.size, of: values.length }, 'Taking groups')
  }
  if (values.length > 0) {
    const ms = Math.round(performance.now() - begun)
    log.info({ board: spec.name, groups: groups.size, ms }, 'Groups taken')
  }
  return { spec, whole, registry, groups }
}
