/**
 * What a member of a group in memory reads. Order: that of each partition; a batch takes its share of each.
 * Memory: one batch.
 */
import { Observable, type Subscriber } from 'rxjs'
import { RanktideError } from '../core/errors.js'
import type { Positions } from '../core/positions.js'
import type { Assignment } from '../operators/message-ports.js'
import type { Message, MessageBatch } from '../operators/ports.js'
import { goneOffset } from './kafka-offsets.js'
import type { MemoryLog } from './memory-log.js'

export class MemoryAssignment implements Assignment {
  readonly partitions: readonly string[]
  readonly #log: MemoryLog
  #reading: Subscriber<MessageBatch> | undefined
  #ended = false

  constructor(log: MemoryLog, partitions: readonly string[]) {
    this.#log = log
    this.partitions = partitions
  }

  async bounds(): Promise<{ readonly first: Positions; readonly ends: Positions }> {
    if (!this.#log.available) throw new RanktideError('KAFKA_UNREACHABLE', 'asking for offsets: no answer')
    return { first: this.#log.firsts(this.partitions), ends: this.#log.ends(this.partitions) }
  }

  batches(start: Positions): Observable<MessageBatch> {
    return new Observable((subscriber) => {
      if (this.#ended) {
        subscriber.complete()
        return
      }
      if (this.#reading !== undefined) {
        subscriber.error(new RanktideError('UNEXPECTED', 'the assignment is being read already'))
        return
      }
      this.#reading = subscriber
      const stop = this.#read(start, subscriber)
      return () => {
        stop()
        this.#reading = undefined
      }
    })
  }

  end(): void {
    this.#ended = true
    this.#reading?.complete()
  }

  #read(start: Positions, subscriber: Subscriber<MessageBatch>): () => void {
    const positions = new Map(this.partitions.map((id) => [id, start.get(id) ?? -1]))
    let waiting = true
    let begun = false
    let looking = false
    const hand = (messages: readonly Message[]): void => {
      waiting = false
      begun = true
      const release = (): void => {
        waiting = true
        lookLater()
      }
      subscriber.next({ messages, positions: new Map(positions), release })
    }
    const look = (): void => {
      looking = false
      if (!waiting || subscriber.closed || !this.#log.available) return
      const gone = goneOffset(positions, this.#log.firsts(this.partitions), this.#log.ends(this.partitions))
      if (gone !== undefined) {
        subscriber.error(new RanktideError('OFFSETS_GONE', gone))
        return
      }
      const messages = begun ? this.#next(positions) : []
      if (messages.length > 0 || !begun) hand(messages)
    }
    // Not at once: what is written together comes together, and a reader that releases while it is handed a batch would
    // go ever deeper.
    const lookLater = (): void => {
      if (looking) return
      looking = true
      this.#log.later(look)
    }
    const unwatch = this.#log.watch(lookLater)
    lookLater()
    return unwatch
  }

  /** Of every partition at most its share of a batch; the positions move behind it. */
  #next(positions: Map<string, number>): Message[] {
    const share = Math.max(1, Math.floor(this.#log.batch / Math.max(1, positions.size)))
    const messages: Message[] = []
    for (const [id, from] of positions) {
      const room = this.#log.batch - messages.length
      const read = this.#log.read(id, from, Math.min(share, room))
      messages.push(...read)
      positions.set(id, (read.at(-1)?.offset ?? from - 1) + 1)
    }
    return messages
  }
}
