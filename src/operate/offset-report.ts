/** What `ranktide offsets show` and `export` tell, as `--json` prints it: names stay, unknown is null. */

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
