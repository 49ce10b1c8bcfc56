import type { BoardDiff, Entry } from './board-content.js'

export const emptyDiff: BoardDiff = { leave: [], scores: [], rows: [] }

/**
 * What turns the board `there` into the board `here`, and nothing more: a member is sent only if it is new or its score
 * or row differs, so the number of pairs is the lower bound. Scores are compared as doubles: Redis has its own texts
 * for the same number.
 */
export const diffBoards = (there: readonly Entry[], here: readonly Entry[]): BoardDiff => {
  if (there === here) return emptyDiff
  const known = new Map(there.map((entry) => [entry.member, entry]))
  const scores: { member: string; score: string }[] = []
  const rows: { member: string; row: string }[] = []
  for (const entry of here) {
    const old = known.get(entry.member)
    known.delete(entry.member)
    if (old === undefined || Number(old.score) !== Number(entry.score))
      scores.push({ member: entry.member, score: entry.score })
    if (old === undefined || old.row !== entry.row) rows.push({ member: entry.member, row: entry.row })
  }
  return { leave: [...known.keys()], scores, rows }
}

export const isEmpty = (diff: BoardDiff): boolean =>
  diff.leave.length === 0 && diff.scores.length === 0 && diff.rows.length === 0
