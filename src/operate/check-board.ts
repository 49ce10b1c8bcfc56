/** One board of `ranktide verify`: its verdicts as they are told, and of a group that is asked for whether there is one. */
import type { BoardSpec } from '../core/board-spec.js'
import { nearestName } from '../core/nearest-name.js'
import { type VerifiedFeed, verifyBoard } from '../worker/verify-feed.js'
import { type BoardCheck, checkOf } from './verify-result.js'

/** `per`: one group of a split board; undefined: all of them, or the board as a whole. */
export const checkBoard = async (
  feed: VerifiedFeed,
  spec: BoardSpec,
  per: string | undefined,
): Promise<readonly BoardCheck[]> => {
  const checks: BoardCheck[] = []
  for await (const found of verifyBoard(feed, spec, per))
    for (const one of found) checks.push(checkOf(spec.name, one.per, one.verdict))
  if (per === undefined) return checks
  return Promise.all(checks.map((check) => (isNowhere(check) ? noGroup(feed, check, per) : check)))
}

/** Neither side has it, which makes them equal: for a group that was named that is no answer. */
const isNowhere = ({ version, members, digest }: BoardCheck): boolean =>
  version === null && members === 0 && digest.redis === digest.table

/** Of what `checkBoard` returned for a named group: there is nothing that an owner could repair. */
export const isNoGroup = (check: BoardCheck): boolean => check.status === 'not there' && isNowhere(check)

const noGroup = async ({ registered }: VerifiedFeed, check: BoardCheck, per: string): Promise<BoardCheck> => {
  const groups = [...(await registered(check.board))]
  const near = nearestName(per, groups)
  const there = `Redis has ${groups.length} ${groups.length === 1 ? 'group' : 'groups'} of ${check.board}`
  const hint = near === undefined || near === per ? '' : `; did you mean ${near}?`
  return { ...check, status: 'not there', reason: `no such group, neither in Redis nor in the table; ${there}${hint}` }
}
