import { from, map, type ObservableInput, type OperatorFunction } from 'rxjs'
import type { FoldedWindow } from './keep-newest-per-key.js'

/** What has been read so far, kept where a later run finds it. */
export interface Saver {
  /** Whether it is time to save. */
  due(): boolean
  /** Everything up to the window that was gathered last. What it fails with is its own to tell. */
  save(): ObservableInput<unknown>
}

/**
 * Saves between two windows: the one that is over is released only when that is done, so that nothing changes meanwhile.
 * Order, duplicates, loss: as they come. Memory: that of the saver.
 */
export const saveBetween = (saver: Saver): OperatorFunction<FoldedWindow, FoldedWindow> =>
  map(({ window, release }) => ({
    window,
    release: () => {
      if (!saver.due()) release()
      else from(saver.save()).subscribe({ complete: release, error: release })
    },
  }))
