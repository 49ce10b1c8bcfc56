/**
 * A counter, as a sentence: partitions are taken, their messages decoded, the refused ones written as dead letters, the
 * others gathered into windows; each window is folded to one increment an item and written in one transaction with the
 * offsets, which are then mirrored to the group in Kafka.
 */
import type { Observable } from 'rxjs'
import { BacklogWindow } from '../src/core/backlog-window.js'
import type { CountBatch } from '../src/core/count-batch.js'
import type { CounterProgress } from '../src/core/counter-progress.js'
import type { CounterSpec } from '../src/core/counter-spec.js'
import { foldReads } from '../src/core/fold-reads.js'
import type { CounterPorts } from '../src/operators/counter-ports.js'
import { decodeReads } from '../src/operators/decode-reads.js'
import { mirrorOffsets } from '../src/operators/mirror-offsets.js'
import { takePartitions } from '../src/operators/take-partitions.js'
import { tellProgress } from '../src/operators/tell-progress.js'
import { windowReads } from '../src/operators/window-reads.js'
import { writeRefusedReads } from '../src/operators/write-refused-reads.js'
import { writeWindows } from '../src/operators/write-windows.js'

export interface ReadCounterPorts extends CounterPorts<CountBatch> {
  readonly spec: Pick<CounterSpec, 'buckets' | 'timeZone'>
}

export const readCounterPipeline = (ports: ReadCounterPorts): Observable<CounterProgress> => {
  const folding = foldReads(ports.spec)
  const window = new BacklogWindow(ports.window)
  return ports.consumer.assignments().pipe(
    takePartitions(ports, folding, (generation) =>
      generation.batches$.pipe(
        decodeReads(ports.decode, ports.name),
        writeRefusedReads(ports, generation),
        windowReads(window, ports.window.time, ports.scheduler),
        writeWindows(ports, folding, generation),
      ),
    ),
    tellProgress(window),
    mirrorOffsets(ports.consumer),
  )
}
