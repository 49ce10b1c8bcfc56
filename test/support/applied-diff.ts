import type { BoardDiff, Entry } from '../../src/core/board-content.js'

/** The diff as Redis carries it out; a diff that is not minimal or does not fit throws. */
export const applied = (there: readonly Entry[], diff: BoardDiff): Entry[] => {
  const board = new Map(there.map((entry) => [entry.member, entry]))
  for (const member of diff.leave) if (!board.delete(member)) throw new Error(`removes ${member}, which is not there`)
  for (const { member, score } of diff.scores) {
    const entry = board.get(member)
    if (entry !== undefined && Number(entry.score) === Number(score)) throw new Error(`sends ${member} for nothing`)
    board.set(member, { member, score, row: entry?.row ?? '' })
  }
  for (const { member, row } of diff.rows) {
    const entry = board.get(member)
    if (entry === undefined) throw new Error(`row of ${member}, which is not on the board`)
    if (entry.row === row) throw new Error(`sends the row of ${member} for nothing`)
    board.set(member, { ...entry, row })
  }
  return [...board.values()]
}
