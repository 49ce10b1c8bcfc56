/**
 * A board in 64 hex digits: equal for two boards exactly when members, scores and rows are (the rows hold the exact
 * scores), whatever texts Redis has for the same numbers and in whatever sequence members are named.
 */
import type { Entry } from './board-content.js'
import { compareBytes } from './order.js'
import { sha256 } from './sha256.js'

export const digestOf = (entries: readonly Entry[]): string => {
  const lines = [...entries]
    .sort((a, b) => compareBytes(a.member, b.member))
    .map(({ member, score, row }) => JSON.stringify([member, String(Number(score) + 0), row]))
  return sha256(new TextEncoder().encode(lines.join('\n')))
}
