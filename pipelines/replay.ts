/**
 * A range of a feed's topics, read again, as a sentence: messages are decoded, gathered into windows, their rows put
 * where boards are refilled from, what was read saved now and then, the rest folded to the newest image of each key, and
 * kept as boards. Nothing is published, committed or written as a dead letter.
 */
import type { Observable } from 'rxjs'
import type { Decode } from '../src/core/change.js'
import type { FeedSnapshot } from '../src/core/feed-io.js'
import type { Positions } from '../src/core/positions.js'
import { type DecodeObserver, decodeMessages } from '../src/operators/decode-messages.js'
import { gatherRows, type RowGatherer } from '../src/operators/gather-rows.js'
import { type KeepBoardsPorts, keepBoards } from '../src/operators/keep-boards.js'
import { keepNewestPerKey } from '../src/operators/keep-newest-per-key.js'
import type { FeedSource } from '../src/operators/ports.js'
import { type Saver, saveBetween } from '../src/operators/save-between.js'
import { type WindowLimits, windowEvents } from '../src/operators/window-events.js'

export interface ReplayPorts {
  readonly source: Pick<FeedSource, 'batches'>
  readonly start: Positions
  readonly decode: Decode
  readonly decoding: DecodeObserver
  /** By partition, the newest commit time before `start`. */
  readonly newest: ReadonlyMap<string, number>
  readonly window: WindowLimits
  readonly rows: RowGatherer
  readonly saver: Saver
  readonly keeping: KeepBoardsPorts
}

export const replayPipeline = (ports: ReplayPorts): Observable<FeedSnapshot> =>
  ports.source
    .batches(ports.start)
    .pipe(
      decodeMessages(ports.decode, ports.decoding, ports.newest),
      windowEvents(ports.window, ports.keeping.scheduler),
      gatherRows(ports.rows),
      keepNewestPerKey(),
      saveBetween(ports.saver),
      keepBoards(ports.keeping),
    )
