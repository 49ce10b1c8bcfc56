import type { Subscription } from 'rxjs'
import type { Assignment, GroupConsumer } from '../../src/operators/message-ports.js'
import type { Message, MessageBatch } from '../../src/operators/ports.js'

/** What a group has worked off: where its members begin. In the place of a database. */
export type StoredOffsets = Map<string, number>

/** One generation, as its reader has seen it. */
export interface SeenGeneration {
  readonly assignment: Assignment
  readonly batches: MessageBatch[]
  state: 'reading' | 'completed' | 'failed'
}

export const textOf = ({ value }: Message): string => (value === null ? 'null' : Buffer.from(value).toString())

/**
 * A member that reads what it is given from the stored offsets on, and stores them with every batch; releases each
 * batch at once unless `hold` is set.
 */
export class GroupReader {
  readonly generations: SeenGeneration[] = []
  readonly messages: Message[] = []
  hold = false
  /** How often a generation began while another one of this member had not completed. */
  overlaps = 0
  completed = false
  error: unknown
  readonly #stored: StoredOffsets
  readonly #subscription: Subscription

  constructor(consumer: GroupConsumer, stored: StoredOffsets = new Map()) {
    this.#stored = stored
    this.#subscription = consumer.assignments().subscribe({
      next: (assignment) => void this.#read(assignment),
      complete: () => {
        this.completed = true
      },
      error: (error: unknown) => {
        this.error = error
      },
    })
  }

  /** What it has now; undefined before it has anything and between generations. */
  get partitions(): readonly string[] | undefined {
    const last = this.generations.at(-1)
    return last?.state === 'reading' ? last.assignment.partitions : undefined
  }

  get texts(): string[] {
    return this.messages.map(textOf)
  }

  stop(): void {
    this.#subscription.unsubscribe()
  }

  async #read(assignment: Assignment): Promise<void> {
    if (this.generations.some(({ state }) => state === 'reading')) this.overlaps++
    const seen: SeenGeneration = { assignment, batches: [], state: 'reading' }
    this.generations.push(seen)
    try {
      const { first } = await assignment.bounds()
      const start = new Map(assignment.partitions.map((id) => [id, this.#stored.get(id) ?? first.get(id) ?? 0]))
      assignment.batches(start).subscribe({
        next: (batch) => {
          seen.batches.push(batch)
          for (const message of batch.messages) this.messages.push(message)
          for (const [id, offset] of batch.positions) this.#stored.set(id, offset)
          if (!this.hold) batch.release()
        },
        complete: () => {
          seen.state = 'completed'
        },
        error: (error: unknown) => {
          seen.state = 'failed'
          this.error = error
        },
      })
    } catch (error) {
      seen.state = 'failed'
      this.error = error
    }
  }
}
