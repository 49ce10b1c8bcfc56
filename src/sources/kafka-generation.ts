/**
 * What the group has given to a member, until it is divided anew. Order, loss, memory: as `KafkaReading`.
 */
import { Observable } from 'rxjs'
import { asRanktideError, RanktideError } from '../core/errors.js'
import type { Positions } from '../core/positions.js'
import type { Assignment } from '../operators/message-ports.js'
import type { MessageBatch } from '../operators/ports.js'
import type { KafkaConnection } from './kafka-connection.js'
import { EARLIEST, LATEST } from './kafka-offsets.js'
import type { BatchWindow } from './kafka-properties.js'
import { KafkaReading } from './kafka-reading.js'

export interface GenerationOptions {
  readonly window: BatchWindow
  readonly refresh: number
  readonly onTrouble: (error: RanktideError) => void
}

/** A batch that is held for longer than this makes the member poll besides, ms. The group waits as long for it. */
const pollAfter = 1_000
/** Pause before the broker is asked again where a partition begins, ms. */
const retryPause = 200

export class KafkaGeneration implements Assignment {
  readonly partitions: readonly string[]
  readonly #connection: KafkaConnection
  readonly #options: GenerationOptions
  readonly #exclusively: (run: () => Promise<void>) => Promise<void>
  /** Ends when the last reading has ended. */
  #finished: Promise<void> = Promise.resolve()
  #stopReading: () => void = () => {}
  #isRead = false
  #ended = false

  /** `exclusively` runs a reading while nobody else polls. */
  constructor(
    connection: KafkaConnection,
    partitions: readonly string[],
    options: GenerationOptions,
    exclusively: (run: () => Promise<void>) => Promise<void>,
  ) {
    this.#connection = connection
    this.partitions = [...partitions].sort()
    this.#options = options
    this.#exclusively = exclusively
  }

  async bounds(): Promise<{ readonly first: Positions; readonly ends: Positions }> {
    const first = await this.#connection.offsetsAt(this.partitions, EARLIEST)
    return { first, ends: await this.#connection.offsetsAt(this.partitions, LATEST) }
  }

  batches(start: Positions): Observable<MessageBatch> {
    return new Observable((subscriber) => {
      if (this.#isRead) {
        subscriber.error(new RanktideError('UNEXPECTED', 'the assignment is being read already'))
        return
      }
      this.#isRead = true
      let stopped = this.#ended
      let reading: KafkaReading | undefined
      let interrupt: (nothing: undefined) => void = () => {}
      const interrupted = new Promise<undefined>((resolve) => {
        interrupt = resolve
      })
      const stop = (): void => {
        stopped = true
        interrupt(undefined)
        reading?.stop()
      }
      const read = async (): Promise<void> => {
        // Nothing has been read yet: a question that a broker leaves unanswered is not waited for, and moves nothing.
        const begun = await Promise.race([this.#begin(start, () => stopped), interrupted])
        reading = begun
        await this.#exclusively(async () => {
          if (!stopped) await begun?.run((batch) => subscriber.next(batch))
        })
      }
      this.#stopReading = stop
      this.#finished = this.#finished.then(read).then(
        () => subscriber.complete(),
        (error: unknown) => subscriber.error(asRanktideError(error)),
      )
      return () => {
        this.#isRead = false
        stop()
      }
    })
  }

  /** Ends when its batches have completed. */
  async end(): Promise<void> {
    this.#ended = true
    this.#stopReading()
    await this.#finished
  }

  /** Asks until the broker says where the partitions begin and end. OFFSETS_GONE. */
  async #begin(start: Positions, stopped: () => boolean): Promise<KafkaReading | undefined> {
    const unnamed = this.partitions.find((id) => !start.has(id))
    if (unnamed !== undefined) throw new RanktideError('UNEXPECTED', `no start was given for ${unnamed}`)
    const own = new Map([...start].filter(([id]) => this.partitions.includes(id)))
    const options = { ...this.#options, pollAfter, partitions: async () => this.partitions }
    while (!stopped()) {
      try {
        const reading = await KafkaReading.begin(this.#connection, options, own, 0)
        return stopped() ? undefined : reading
      } catch (error) {
        if (!(error instanceof RanktideError) || error.code === 'OFFSETS_GONE') throw error
        if (!stopped()) this.#options.onTrouble(error)
        await new Promise((resolve) => setTimeout(resolve, retryPause))
      }
    }
    return undefined
  }
}
