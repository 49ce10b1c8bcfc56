/**
 * A topic of one partition in memory, for a pipeline that runs without Kafka. Any number of readers.
 *
 * Order: that of append(). Duplicates, loss: none. Memory: everything that was appended.
 */
import { Observable } from 'rxjs'
import { RanktideError } from '../core/errors.js'
import { type Positions, partitionId } from '../core/positions.js'
import type { FeedSource, Message, MessageBatch } from '../operators/ports.js'

const largestBatch = 2_000

export class MemoryTopic {
  readonly name: string
  /** Next offset of each group. */
  readonly committed = new Map<string, Positions>()
  readonly #messages: Message[] = []
  readonly #readers = new Set<() => void>()
  readonly #partition: string

  constructor(name: string) {
    this.name = name
    this.#partition = partitionId(name, 0)
  }

  /** `timestamp`: ms since 1970. */
  append(value: Uint8Array, timestamp: number): void {
    const offset = this.#messages.length
    this.#messages.push({ topic: this.name, partition: 0, offset, key: null, value, timestamp })
    for (const wake of this.#readers) wake()
  }

  open(group: string): MemorySource {
    return new MemorySource(this, group)
  }

  beginnings(): Positions {
    return new Map([[this.#partition, 0]])
  }

  ends(): Positions {
    return new Map([[this.#partition, this.#messages.length]])
  }

  /** As `FeedSource.batches`; a partition that `start` does not name begins at its first message: nothing is old here. */
  batches(start: Positions): Observable<MessageBatch> {
    return new Observable((subscriber) => {
      let next = start.get(this.#partition) ?? 0
      let waiting = true
      if (next > this.#messages.length) {
        subscriber.error(new RanktideError('OFFSETS_GONE', `${this.#partition} ends before ${next}`))
        return
      }
      const hand = (messages: readonly Message[]): void => {
        waiting = false
        next += messages.length
        subscriber.next({
          messages,
          positions: new Map([[this.#partition, next]]),
          release: () => {
            waiting = true
            // Not at once: a reader that releases while it is handed a batch would go ever deeper.
            setImmediate(wake)
          },
        })
      }
      const wake = (): void => {
        if (waiting && !subscriber.closed && next < this.#messages.length)
          hand(this.#messages.slice(next, next + largestBatch))
      }
      this.#readers.add(wake)
      hand([])
      return () => this.#readers.delete(wake)
    })
  }
}

/** One reader's way to the topic. */
export class MemorySource implements FeedSource {
  readonly #topic: MemoryTopic
  readonly #group: string

  constructor(topic: MemoryTopic, group: string) {
    this.#topic = topic
    this.#group = group
  }

  batches(start: Positions): Observable<MessageBatch> {
    return this.#topic.batches(start)
  }

  async beginnings(): Promise<Positions> {
    return this.#topic.beginnings()
  }

  async ends(): Promise<Positions> {
    return this.#topic.ends()
  }

  commit(positions: Positions): void {
    this.#topic.committed.set(this.#group, positions)
  }

  /** A commit is done when it was called. */
  async flush(): Promise<void> {}

  async close(): Promise<void> {}
}
