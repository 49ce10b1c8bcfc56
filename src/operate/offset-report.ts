/** What `ranktide offsets show` and `export` tell, as `--json` prints it: names stay, unknown is null. */
import { asRanktideError } from '../core/errors.js'
import type { OffsetPipeline } from './offset-pipelines.js'

export interface OffsetsReport {
  /** ISO 8601, UTC. */
  readonly at: string
  readonly pipelines: readonly PipelineOffsets[]
}

export interface PipelineOffsets {
  /** `boards.NAME`, `counters.NAME` or `history`. */
  readonly name: string
  readonly kind: 'board' | 'counter' | 'history'
  readonly group: string
  /** Whether somebody works by these offsets now. Null: it could not be told. */
  readonly active: boolean | null
  /** Who, or how it is known. */
  readonly activity: string
  /** Of a board: its state in Redis and the reason; null otherwise, and where nothing was ever published. */
  readonly state: string | null
  /** A topic of it that does not exist, and perhaps the one that was meant: nothing else was asked then. Null: all exist. */
  readonly missingTopic: string | null
  readonly partitions: readonly PartitionOffsets[]
}

export interface PartitionOffsets {
  /** `topic/partition`. */
  readonly partition: string
  /** First offset that is still there, and the one after the last. */
  readonly first: number
  readonly end: number
  /** In Kafka, which nothing goes by. Null: nothing. */
  readonly committed: number | null
  /** Where a start reads on. Null: there is nothing to go on from. */
  readonly next: number | null
  /** Of a board: what its content is of; later than `next` where it is to be read again. Else as `next`. */
  readonly position: number | null
  /** From `next` to `end`. */
  readonly lag: number | null
  /** Age of the record at `next`, seconds; 0 without any, null where it could not be told. */
  readonly lagSeconds: number | null
}

/** A topic that does not exist is told in its place: the others are shown all the same. Rejects with everything else. */
export const orMissingTopic = async (
  { name, kind, group }: OffsetPipeline,
  found: Promise<PipelineOffsets>,
): Promise<PipelineOffsets> => {
  try {
    return await found
  } catch (error) {
    const { code, detail } = asRanktideError(error)
    if (code !== 'KAFKA_TOPIC') throw error
    const unasked = { active: null, activity: 'not asked', state: null, partitions: [] }
    return { name, kind, group, ...unasked, missingTopic: detail }
  }
}
