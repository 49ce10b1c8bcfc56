/** What is asked of a row, and what Redis alone can say of it. */
import { tableNotAsked } from '../core/explanation.js'
import type { BoardConfig } from '../runtime/config.js'
import type { Feed } from '../runtime/feeds.js'
import { type BoardLook, lookAtBoard } from './board-look.js'
import { type Explanation, redisPart } from './explanation-report.js'
import type { Servers } from './open-servers.js'
import type { Tell } from './status.js'

export interface Inquiry {
  readonly board: BoardConfig
  readonly feed: Feed
  /** As a person writes it. */
  readonly key: string
  /** The group of a split board, as a person writes it; undefined: that of the row. */
  readonly per: string | undefined
  /** Of the keys in Redis. */
  readonly prefix: string
  readonly servers: Servers
  readonly tell: Tell
}

export type Told = Omit<Explanation, 'at' | 'board' | 'problems'>

/** Entries as Redis orders them. Null: the board is not there; undefined: it could not be asked. */
export const boardThere = async (
  { board, feed, prefix, servers: { redis }, tell }: Inquiry,
  group: string | undefined,
): Promise<BoardLook | null | undefined> => {
  try {
    return redis && (await lookAtBoard(redis, prefix, feed.name, board, group))
  } catch (error) {
    tell('redis', 'the board', error)
    return undefined
  }
}

/** What Redis holds under the key as it was written: how its columns are typed only the table says. */
export const withoutTable = async (inquiry: Inquiry): Promise<Told> => {
  const { board, key: member, per } = inquiry
  const group = board.per === undefined ? undefined : (per ?? '')
  const there = await boardThere(inquiry, group)
  const best = there?.entries.toSorted((a, b) =>
    board.order === 'desc' ? Number(b.score) - Number(a.score) : Number(a.score) - Number(b.score),
  )
  const report = redisPart(board.size, member, there && best && { ...there, entries: best })
  return {
    per: group ?? null,
    member,
    key: null,
    conclusion: tableNotAsked(there === undefined ? undefined : (report?.entry ?? null)),
    table: null,
    filter: null,
    score: null,
    standing: null,
    stream: null,
    redis: report,
    notes: [],
  }
}
