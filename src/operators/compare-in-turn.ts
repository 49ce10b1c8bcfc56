/**
 * Plain reads, so that what others did to the keys is found although nothing is published: once a second the versions of
 * all boards and of some groups in turn, and the content of a few of both. Cost: the same each second, however many
 * groups there are.
 */
import { concat, concatMap, defer, EMPTY, from, ignoreElements, map, mergeMap, type Observable, tap } from 'rxjs'
import type { PublishBoardsPorts } from './publish-boards.js'
import { takeAgain } from './take-again.js'

/** How often, ms. */
const compareEvery = 1_000
/** Groups whose versions are asked for each time, and those of them that are read. */
const groupsEachTime = 450
const contentsEachTime = 20
/** Boards and groups that somebody has found to be wrong, and that are read each time. */
const doubtedEachTime = 200
/** Boards that are read at the same time. */
const readsAtOnce = 8

export class Turns {
  readonly #ports: PublishBoardsPorts
  #last = Number.NEGATIVE_INFINITY
  #turn = 0

  constructor(ports: PublishBoardsPorts) {
    this.#ports = ports
  }

  compareIfDue(): Observable<never> {
    const { scheduler, published, store } = this.#ports
    const now = scheduler.now()
    if (now - this.#last < compareEvery) return EMPTY
    this.#turn += 1
    const boards = published.names()
    const groups = published.groups.inTurn(groupsEachTime).map(({ id }) => id.name)
    const doubted = published.doubted(doubtedEachTime)
    const inTurn = [boards[this.#turn % boards.length], ...groups.slice(0, contentsEachTime), ...doubted]
    const names = [...new Set([...boards, ...groups, ...doubted])]
    const forgotten = published.groups.registries.forgotten()
    return defer(() => store.versions([...names, ...forgotten.map(({ name }) => name)])).pipe(
      concatMap((versions) => {
        for (const [i, id] of forgotten.entries())
          if (versions[names.length + i] !== undefined) published.groups.stray(id)
        const lost = names.filter((_, i) => versions[i] === undefined)
        const doubtful = names.filter(
          (board, i) => versions[i] !== undefined && versions[i] !== published.get(board)?.version,
        )
        for (const board of inTurn)
          if (board !== undefined && !lost.includes(board) && !doubtful.includes(board)) doubtful.push(board)
        return concat(this.#lost(lost), from(doubtful).pipe(mergeMap((board) => this.#inspect(board), readsAtOnce)))
      }),
      // One that failed is made again before anything is said to be published: it may have found what it could not repair.
      tap({
        complete: () => {
          this.#last = now
          published.doubtedNoMore(doubted)
        },
      }),
    )
  }

  #lost(names: readonly string[]): Observable<never> {
    const { published, observer } = this.#ports
    const whole = new Set(published.names())
    for (const name of names) {
      if (whole.has(name)) continue
      published.groups.lose(name)
      observer.healed(name)
    }
    return takeAgain(
      this.#ports,
      names.filter((name) => whole.has(name)),
    )
  }

  #inspect(board: string): Observable<never> {
    const { store, published, observer } = this.#ports
    return defer(() => store.inspect(board)).pipe(
      map((found) => {
        if (found !== undefined && published.compare(board, found)) observer.healed(board)
      }),
      ignoreElements(),
    )
  }
}
