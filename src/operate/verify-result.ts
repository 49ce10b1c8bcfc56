/** What `ranktide verify` tells, as `--json` prints it: names stay, unknown is null. */

import type { Difference } from '../core/board-comparison.js'
import type { BoardState } from '../core/board-content.js'
import { digestOf } from '../core/board-digest.js'
import { isoTime } from '../core/iso-time.js'
import type { BoardVerdict, VerifyStatus } from '../operators/verify-ports.js'

export interface VerifyWish {
  /** Empty: all. */
  readonly boards: readonly string[]
  /** One group of the split boards that are named. */
  readonly per: string | undefined
  readonly timeoutMs: number
  readonly heal: boolean
}

export interface VerifyResult {
  readonly ok: boolean
  readonly boards: readonly BoardCheck[]
  /** What came of each repair that was asked for; empty without `--heal` or where all was well. */
  readonly heals: readonly Heal[]
}

export interface BoardCheck {
  readonly board: string
  /** The value of a group of a split board; null: the board as a whole. */
  readonly per: string | null
  readonly status: VerifyStatus
  readonly state: BoardState | null
  readonly reason: string
  readonly version: number | null
  /** ISO 8601, UTC. */
  readonly confirmedAt: string | null
  /** Members in Redis. */
  readonly members: number
  readonly digest: { readonly redis: string; readonly table: string }
  readonly differences: readonly DifferenceCheck[]
  /** Values that moved at every look: of them nothing is proven. */
  readonly moving: number
  /** Times that the table was read. */
  readonly looks: number
}

export interface DifferenceCheck {
  readonly member: string
  readonly what: string
  readonly redis: string | null
  readonly table: string | null
}

export interface Heal {
  readonly feed: string
  readonly boards: readonly string[]
  /** `healed`: verified again, and ok. */
  readonly outcome: 'healed' | 'not healed' | 'no owner' | 'not heard'
  readonly detail: string
}

const checkedDifference = ({ member, what, redis, table }: Difference): DifferenceCheck => {
  return { member, what, redis: redis ?? null, table: table ?? null }
}

export const checkOf = (board: string, per: string | undefined, verdict: BoardVerdict): BoardCheck => ({
  board,
  per: per ?? null,
  status: verdict.status,
  state: verdict.state ?? null,
  reason: verdict.reason,
  version: verdict.version ?? null,
  confirmedAt: verdict.confirmedAt === undefined ? null : isoTime(verdict.confirmedAt),
  members: verdict.redis.length,
  digest: { redis: digestOf(verdict.redis), table: digestOf(verdict.table) },
  differences: verdict.differences.map(checkedDifference),
  moving: verdict.moving,
  looks: verdict.looks,
})
