/** A window of read events → every user's latest read of every item, in the order of a history batch. */
import { compareIds, compareItems, type Folding, itemText } from './folding.js'
import type { HistoryBatch, LatestRead } from './history-batch.js'
import type { ReadEvent } from './read-event.js'

export const foldHistory: Folding<HistoryBatch> = {
  fold: (events) => ({ reads: foldLatest(events) }),
  items: ({ reads }) => reads,
}

/** By the time of the event, not by its place: events of one user and item may come in any order. */
const foldLatest = (events: readonly ReadEvent[]): readonly LatestRead[] => {
  const latest = new Map<string, LatestRead>()
  for (const { uid, biz, bizId, ts } of events) {
    const text = `${uid} ${itemText({ biz, bizId })}`
    const known = latest.get(text)
    if (known === undefined || known.readAt < ts) latest.set(text, { uid, biz, bizId, readAt: ts })
  }
  return [...latest.values()].sort((a, b) => compareIds(a.uid, b.uid) || compareItems(a, b))
}
