import { defer, map, type OperatorFunction } from 'rxjs'
import type { BacklogWindow } from '../core/backlog-window.js'
import { afterNews, type CounterNews, type CounterProgress, nothingCounted } from '../core/counter-progress.js'

/** Adds up what the parts tell, and sets the size of the next window by what still waits
 * and by what could not be written in time. Memory: one value. */
export const tellProgress =
  (window: BacklogWindow): OperatorFunction<CounterNews, CounterProgress> =>
  (news$) =>
    defer(() => {
      let progress = nothingCounted
      return news$.pipe(
        map((news) => {
          progress = afterNews(progress, news)
          if (news.kind === 'written') window.adjust(progress.lag ?? 0)
          if (news.kind === 'timed-out') window.timedOut(news.events)
          return { ...progress, window: window.events }
        }),
      )
    })
