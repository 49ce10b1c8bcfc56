/**
 * Several partitions as one stream that is the same every time: of the next message of each the one with the earliest
 * time comes first, and of equal times that of the partition that is named first. No clock and no pace is in it, so that
 * it goes on from any positions as if it had never been interrupted.
 *
 * Order: that of each partition, whatever its times say. Duplicates, loss: none added. Memory: one batch a partition.
 */
import { Observable, type Subscription } from 'rxjs'
import type { Positions } from '../core/positions.js'
import type { Message, MessageBatch } from '../operators/ports.js'

/** Messages handed on at once. */
const most = 2_000

/** `partitions`: batches of one partition each, by its id; they complete where the partition is to end. */
export const mergePartitions = (
  start: Positions,
  partitions: ReadonlyMap<string, Observable<MessageBatch>>,
): Observable<MessageBatch> =>
  new Observable((subscriber) => {
    const merge = new Merge(start, (batch) => subscriber.next(batch))
    const subscriptions: Subscription[] = []
    let running = partitions.size
    for (const [id, batches$] of partitions) {
      const lane = merge.add(id)
      subscriptions.push(
        batches$.subscribe({
          next: (batch) => merge.take(lane, batch),
          error: (error: unknown) => subscriber.error(error),
          complete: () => {
            running -= 1
            lane.ended = true
            merge.advance()
          },
        }),
      )
    }
    merge.begin(() => running === 0 && subscriber.complete())
    return () => {
      for (const subscription of subscriptions) subscription.unsubscribe()
    }
  })

interface Lane {
  readonly id: string
  batch: MessageBatch | undefined
  /** The next of its messages. */
  next: number
  ended: boolean
}

class Merge {
  readonly #lanes: Lane[] = []
  readonly #positions: Map<string, number>
  readonly #hand: (batch: MessageBatch) => void
  #done: () => void = () => {}
  /** Not before all lanes are there, and only when the last batch has been released. */
  #busy = true
  #advancing = false

  constructor(start: Positions, hand: (batch: MessageBatch) => void) {
    this.#positions = new Map(start)
    this.#hand = hand
  }

  add(id: string): Lane {
    const lane: Lane = { id, batch: undefined, next: 0, ended: false }
    this.#lanes.push(lane)
    return lane
  }

  /** The first batch has no messages: it says where reading begins. */
  begin(done: () => void): void {
    this.#done = done
    this.#give([])
  }

  take(lane: Lane, batch: MessageBatch): void {
    lane.batch = batch
    lane.next = 0
    if (batch.messages.length === 0) this.#finish(lane)
    this.advance()
  }

  /** Hands on what is known to come next. */
  advance(): void {
    // A source that answers at once calls back from within.
    if (this.#advancing) return
    this.#advancing = true
    while (!this.#busy) {
      const messages = this.#gather()
      if (messages.length === 0) break
      this.#give(messages)
    }
    this.#advancing = false
    if (!this.#busy && this.#lanes.every(({ ended, batch }) => ended && batch === undefined)) this.#done()
  }

  #gather(): readonly Message[] {
    const messages: Message[] = []
    while (messages.length < most && this.#isKnown()) {
      const lane = this.#earliest()
      if (lane === undefined) break
      this.#move(lane, messages)
    }
    return messages
  }

  #give(messages: readonly Message[]): void {
    this.#busy = true
    this.#hand({
      messages,
      positions: new Map(this.#positions),
      release: () => {
        this.#busy = false
        this.advance()
      },
    })
  }

  /** Whether no partition can still come up with an earlier message. */
  #isKnown(): boolean {
    return this.#lanes.every(({ batch, ended }) => batch !== undefined || ended)
  }

  #earliest(): Lane | undefined {
    let first: Lane | undefined
    for (const lane of this.#lanes)
      if (lane.batch !== undefined && (first === undefined || timeOf(lane) < timeOf(first))) first = lane
    return first
  }

  /** One message, and all that follow it in its partition while nobody else's is earlier. */
  #move(lane: Lane, messages: Message[]): void {
    const { batch } = lane
    if (batch === undefined) return
    do {
      const message = batch.messages[lane.next]
      if (message === undefined) break
      messages.push(message)
      lane.next += 1
      this.#positions.set(lane.id, message.offset + 1)
    } while (messages.length < most && lane.next < batch.messages.length && this.#earliest() === lane)
    if (lane.next >= batch.messages.length) this.#finish(lane)
  }

  /** Everything of it has been handed on, or has been put where it will be. */
  #finish(lane: Lane): void {
    const { batch } = lane
    if (batch === undefined) return
    const position = batch.positions.get(lane.id)
    if (position !== undefined) this.#positions.set(lane.id, position)
    lane.batch = undefined
    batch.release()
  }
}

const timeOf = ({ batch, next }: Lane): number => batch?.messages[next]?.timestamp ?? 0
