import type { Subscription } from 'rxjs'
import type { Positions } from '../../src/core/positions.js'
import type { FeedSource, Message, MessageBatch } from '../../src/operators/ports.js'

/** Reads a feed and keeps everything; releases each batch at once unless `hold` is set. */
export class FeedReader {
  readonly batches: MessageBatch[] = []
  readonly messages: Message[] = []
  error: unknown
  hold = false
  readonly #subscription: Subscription

  constructor(feed: FeedSource, start: Positions) {
    this.#subscription = feed.batches(start).subscribe({
      next: (batch) => {
        this.batches.push(batch)
        for (const message of batch.messages) this.messages.push(message)
        if (!this.hold) batch.release()
      },
      error: (error: unknown) => {
        this.error = error
      },
    })
  }

  get positions(): Positions {
    return this.batches.at(-1)?.positions ?? new Map()
  }

  get texts(): string[] {
    return this.messages.map(({ value }) => (value === null ? 'null' : Buffer.from(value).toString()))
  }

  stop(): void {
    this.#subscription.unsubscribe()
  }
}
