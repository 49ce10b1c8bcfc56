/** The boards that readers have now, and what a replayed one would change in them. */
import { sameEntry } from '../core/board-comparison.js'
import type { Entry } from '../core/board-content.js'
import { groupName } from '../core/group-name.js'
import { compareBytes } from '../core/order.js'
import type { RedisClient } from '../redis/client.js'
import { boardKeys, splitKeys } from '../redis/keys.js'
import { readBoard, type StoredBoard } from '../redis/read-board.js'
import { readRegistry } from '../redis/read-registry.js'
import type { BoardConfig } from '../runtime/config.js'
import type { ReplayedBoard } from './replay-result.js'

export interface LiveBoard {
  /** Of a group: its value. */
  readonly value: string | undefined
  readonly stored: StoredBoard
}

export interface DiffRow {
  readonly value: string | undefined
  readonly member: string
  /** Undefined where it is not. */
  readonly live: Entry | undefined
  readonly replayed: Entry | undefined
}

export interface ReplayDiff {
  readonly enter: readonly DiffRow[]
  readonly leave: readonly DiffRow[]
  /** Another score, or another row. */
  readonly change: readonly DiffRow[]
}

/** Boards that are read at the same time. */
const atOnce = 50

/**
 * The board, or every group that Redis knows of; `per`: this one group. A board that is not there has no entries. Fails
 * with REDIS_*.
 */
export const readLive = async (
  client: RedisClient,
  prefix: string,
  { name, per, zset }: BoardConfig,
  value: string | undefined,
): Promise<readonly LiveBoard[]> => {
  if (per === undefined) return [{ value: undefined, stored: await readBoard(client, boardKeys(prefix, name, zset)) }]
  const registered = value === undefined ? await readRegistry(client, splitKeys(prefix, name).registry) : undefined
  const values = registered === undefined ? [value ?? ''] : [...registered.keys()].sort(compareBytes)
  const found: LiveBoard[] = []
  for (let i = 0; i < values.length; i += atOnce)
    found.push(
      ...(await Promise.all(
        values.slice(i, i + atOnce).map(async (one) => {
          return { value: one, stored: await readBoard(client, boardKeys(prefix, groupName(name, one))) }
        }),
      )),
    )
  return found
}

/** What turns the live boards into the replayed ones: group by group, in the replayed order, then what leaves. */
export const diffAgainstLive = (live: readonly LiveBoard[], replayed: readonly ReplayedBoard[]): ReplayDiff => {
  const diff = { enter: [] as DiffRow[], leave: [] as DiffRow[], change: [] as DiffRow[] }
  const here = new Map(replayed.map((board) => [board.value, board.entries]))
  const there = new Map(live.map(({ value, stored }) => [value, stored.entries]))
  for (const value of new Set([...here.keys(), ...there.keys()])) {
    const known = new Map((there.get(value) ?? []).map((entry) => [entry.member, entry]))
    for (const entry of here.get(value) ?? []) {
      const old = known.get(entry.member)
      known.delete(entry.member)
      const row = { value, member: entry.member, live: old, replayed: entry }
      if (old === undefined) diff.enter.push(row)
      else if (!sameEntry(old, entry)) diff.change.push(row)
    }
    for (const old of known.values()) diff.leave.push({ value, member: old.member, live: old, replayed: undefined })
  }
  return diff
}
