/**
 * The second subscriber of the read events, as a sentence: as the counter, in a group of its own, and each window is
 * folded to every user's latest read of every item. Nothing of the counter is concerned.
 */
import type { Observable } from 'rxjs'
import { BacklogWindow } from '../src/core/backlog-window.js'
import type { CounterProgress } from '../src/core/counter-progress.js'
import { foldHistory } from '../src/core/fold-history.js'
import type { HistoryBatch } from '../src/core/history-batch.js'
import type { CounterPorts } from '../src/operators/counter-ports.js'
import { decodeReads } from '../src/operators/decode-reads.js'
import { mirrorOffsets } from '../src/operators/mirror-offsets.js'
import { takePartitions } from '../src/operators/take-partitions.js'
import { tellProgress } from '../src/operators/tell-progress.js'
import { windowReads } from '../src/operators/window-reads.js'
import { writeRefusedReads } from '../src/operators/write-refused-reads.js'
import { writeWindows } from '../src/operators/write-windows.js'

export type ReadHistoryPorts = CounterPorts<HistoryBatch>

export const readHistoryPipeline = (ports: ReadHistoryPorts): Observable<CounterProgress> => {
  const window = new BacklogWindow(ports.window)
  return ports.consumer.assignments().pipe(
    takePartitions(ports, foldHistory, (generation) =>
      generation.batches$.pipe(
        decodeReads(ports.decode, ports.name),
        writeRefusedReads(ports, generation),
        windowReads(window, ports.window.time, ports.scheduler),
        writeWindows(ports, foldHistory, generation),
      ),
    ),
    tellProgress(window),
    mirrorOffsets(ports.consumer),
  )
}
