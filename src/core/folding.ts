import type { ItemKey } from './count-batch.js'
import { compareBytes } from './order.js'
import type { ReadEvent } from './read-event.js'

/** How a window of events becomes what a store writes. Pure, and the same for the same events: a window is folded again. */
export interface Folding<B> {
  /** No events: a batch that adds nothing, by which offsets alone move. */
  fold(events: readonly ReadEvent[]): B
  /** The items of a batch, in its order: `RefusedItem.index` counts them. */
  items(batch: B): readonly ItemKey[]
}

/** Two items have two texts: digits end at the space. */
export const itemText = ({ biz, bizId }: ItemKey): string => `${bizId} ${biz}`

/** Decimal texts without leading zeros, as numbers. */
export const compareIds = (a: string, b: string): number => {
  if (a.length !== b.length) return a.length - b.length
  return a < b ? -1 : a > b ? 1 : 0
}

/** The one order in which transactions touch rows: by the bytes of `biz`, then by `bizId` as a number. */
export const compareItems = (a: ItemKey, b: ItemKey): number =>
  compareBytes(a.biz, b.biz) || compareIds(a.bizId, b.bizId)
