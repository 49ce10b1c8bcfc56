import { concatMap, defer, EMPTY, from, ignoreElements, type Observable, tap } from 'rxjs'
import type { PublishBoardsPorts } from './publish-boards.js'

/**
 * The keys of these boards are gone. While we hold the lease nobody else may have taken them, else they are his. Where a
 * split board is one of them, its groups and its registry are lost with it.
 */
export const takeAgain = (
  { store, published, observer, mayPublish }: PublishBoardsPorts,
  boards: readonly string[],
): Observable<never> =>
  from(boards).pipe(
    concatMap((board) =>
      defer(() => (mayPublish() ? store.take(board) : EMPTY)).pipe(
        tap((taken) => {
          observer.healed(board)
          published.take(board, taken)
          published.loseAll(board)
        }),
      ),
    ),
    ignoreElements(),
  )
