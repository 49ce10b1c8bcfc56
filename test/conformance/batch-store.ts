/** What every store of batches owes the counting pipelines. Run over the memory stores and over each database. */
import { afterEach, beforeEach, describe } from 'vitest'
import type { BatchWorld } from './batch-world.js'
import { concurrentCounts, waitingCounts } from './concurrent-counts.js'
import { countAmounts } from './count-amounts.js'
import { countFences } from './count-fences.js'
import { historyStores } from './history-store.js'

/** `locks`: rows are locked by transactions, which others wait for; without them a write is over at once. */
export const batchStoreConformance = (
  name: string,
  openWorld: () => Promise<BatchWorld>,
  { locks }: { readonly locks: boolean } = { locks: true },
): void => {
  describe(`batch store: ${name}`, () => {
    let world: BatchWorld | undefined
    beforeEach(async () => {
      world = await openWorld()
    })
    afterEach(async () => {
      await world?.close()
      world = undefined
    })
    const current = (): BatchWorld => {
      if (world === undefined) throw new Error('no world is open')
      return world
    }
    describe('offsets and fences', () => countFences(current))
    describe('counts', () => countAmounts(current))
    describe('at the same time', () => concurrentCounts(current))
    if (locks) describe('under locks', () => waitingCounts(current))
    describe('history', () => historyStores(current))
  })
}
