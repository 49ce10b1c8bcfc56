import { concatMap, defer, from, ignoreElements, type Observable, tap } from 'rxjs'
import type { BoardStore } from './ports.js'
import type { PublishedBoards } from './published-boards.js'

/**
 * Writes the versions of groups to the registries of their split boards, only what was published since the last time. A
 * registry that lacks the last writing shows that Redis has gone back: then what it has of the groups is not known.
 */
export const vouchGroups = (
  store: Pick<BoardStore, 'vouch'>,
  published: Pick<PublishedBoards, 'owned' | 'groups' | 'loseAll'>,
): Observable<never> =>
  defer(() => from(published.groups.unvouched())).pipe(
    concatMap((some) =>
      defer(() => store.vouch(published.owned(some.split), some.vouching)).pipe(
        tap((done) => (done ? published.groups.vouch(some) : published.loseAll(some.split))),
      ),
    ),
    ignoreElements(),
  )
