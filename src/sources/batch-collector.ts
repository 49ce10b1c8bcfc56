/**
 * Gathers messages into batches. Order: as read. Loss: none; an error that comes while a batch is being gathered is
 * kept for the next call, so that what was read before it is handed on. Memory: one batch of at most `events`
 * messages, and of at most `bytes` but for what one read brings: its size is guessed from the messages before.
 */
import type { Message } from '../operators/ports.js'
import type { BatchWindow } from './kafka-properties.js'

/** Up to `count` messages. Waits at most `wait` ms for the first; with `wait` 0 takes what is there. */
export type Read = (count: number, wait: number) => Promise<readonly Message[]>

/** Most messages of one read: few enough that JavaScript is not held up, many enough that the call costs nothing. */
const largestRead = 1_000
/** How long an idle feed waits for a message before it looks around, ms. */
const idleWait = 100

const pause = (ms: number): Promise<void> =>
  new Promise((resolve) => {
    setTimeout(resolve, ms)
  })

export class BatchCollector {
  readonly #read: Read
  readonly #window: BatchWindow
  /** Pause between two reads at the end of the log, ms: what arrives meanwhile waits in the client's queue. */
  readonly #slice: number
  #meanSize = 1_024
  #error: unknown

  /** Whether a read came back short since this was last set to false: all that had been fetched was handed on. */
  drained = false

  constructor(read: Read, window: BatchWindow) {
    this.#read = read
    this.#window = window
    this.#slice = Math.min(10, Math.max(1, window.time / 8))
  }

  /** The next batch; empty if nothing came for a while. Throws what read() threw. */
  async next(): Promise<Message[]> {
    this.#throwKept()
    const messages: Message[] = [...(await this.#read(1, idleWait))]
    if (messages.length === 0) {
      this.drained = true
      return messages
    }
    const due = performance.now() + this.#window.time
    let bytes = this.#sizeOf(messages)
    while (messages.length < this.#window.events && bytes < this.#window.bytes) {
      const asked = this.#readable(this.#window.events - messages.length, this.#window.bytes - bytes)
      const more = await this.#more(asked)
      for (const message of more) messages.push(message)
      bytes += this.#sizeOf(more)
      const left = due - performance.now()
      if (this.#error !== undefined || left <= 0) break
      if (more.length === asked) continue
      this.drained = true
      await pause(Math.min(left, this.#slice))
    }
    return messages
  }

  #readable(events: number, bytes: number): number {
    return Math.max(1, Math.min(largestRead, events, Math.floor(bytes / this.#meanSize)))
  }

  async #more(count: number): Promise<readonly Message[]> {
    try {
      return await this.#read(count, 0)
    } catch (error) {
      this.#error = error
      return []
    }
  }

  #throwKept(): void {
    const error = this.#error
    this.#error = undefined
    if (error !== undefined) throw error
  }

  #sizeOf(messages: readonly Message[]): number {
    let bytes = 0
    for (const { value } of messages) bytes += value?.byteLength ?? 0
    if (messages.length > 0) this.#meanSize = Math.max(1, bytes / messages.length)
    return bytes
  }
}
