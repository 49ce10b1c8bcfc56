/**
 * A feed's boards, as a sentence: messages are decoded, the refused ones written as dead letters, the others gathered
 * into windows, folded to the newest image of each key, and kept as boards; the difference to the boards in Redis is
 * published, confirmed, and only then committed.
 */
import type { Observable } from 'rxjs'
import type { Decode } from '../src/core/change.js'
import type { FeedSnapshot } from '../src/core/feed-io.js'
import type { Positions } from '../src/core/positions.js'
import { commitPublished } from '../src/operators/commit-published.js'
import { type ConfirmPorts, confirmPublished } from '../src/operators/confirm-published.js'
import { type DecodeObserver, decodeMessages } from '../src/operators/decode-messages.js'
import { type KeepBoardsPorts, keepBoards } from '../src/operators/keep-boards.js'
import { keepNewestPerKey } from '../src/operators/keep-newest-per-key.js'
import type { FeedSource } from '../src/operators/ports.js'
import { type PublishBoardsPorts, publishBoards } from '../src/operators/publish-boards.js'
import { type WindowLimits, windowEvents } from '../src/operators/window-events.js'
import { type DeadLetterPorts, writeDeadLetters } from '../src/operators/write-dead-letters.js'

export interface BoardPorts {
  readonly source: FeedSource
  readonly start: Positions
  readonly decode: Decode
  /** By partition, the newest commit time that was seen before `start`. */
  readonly newest?: ReadonlyMap<string, number>
  readonly window: WindowLimits
  readonly decoding: DecodeObserver
  readonly refusing: DeadLetterPorts
  readonly keeping: KeepBoardsPorts
  readonly publishing: PublishBoardsPorts
  readonly confirming: ConfirmPorts
}

export const boardPipeline = (ports: BoardPorts): Observable<FeedSnapshot> =>
  ports.source.batches(ports.start).pipe(
    decodeMessages(ports.decode, ports.decoding, ports.newest),
    writeDeadLetters(ports.refusing),
    windowEvents(ports.window, ports.keeping.scheduler),
    keepNewestPerKey(),
    keepBoards(ports.keeping),
    publishBoards(ports.publishing),
    confirmPublished(ports.confirming, ports.publishing.published),
    commitPublished(ports.source, ports.publishing.published.groups, () => ports.keeping.scheduler.now()),
  )
