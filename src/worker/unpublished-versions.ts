/**
 * Versions of what an owner serves and Redis does not have yet: each content has a number of its own, above the
 * published one. The next publish is numbered by the clock in ms, which is further ahead: a content comes at most once a
 * window, so these stay below it. Memory: one content a board.
 */
import type { Entry } from '../core/board-content.js'
import { diffBoards, isEmpty } from '../core/board-diff.js'

interface Numbered {
  readonly entries: readonly Entry[]
  readonly version: number
}

export class UnpublishedVersions {
  readonly #last = new Map<string, Numbered>()

  /** `published`: the version that Redis has. */
  versionOf(board: string, published: number, entries: readonly Entry[]): number {
    const last = this.#last.get(board)
    if (last?.entries === entries && last.version > published) return last.version
    const same = last !== undefined && last.version > published && isEmpty(diffBoards(last.entries, entries))
    const version = same ? last.version : Math.max(last?.version ?? 0, published) + 1
    this.#last.set(board, { entries, version })
    return version
  }
}
