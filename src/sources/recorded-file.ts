/**
 * Messages that were recorded in a file (see recorded-line.ts), as a source.
 *
 * Order: that of the file; the offsets of a partition have to rise. Duplicates: none, a repeated offset is refused. Loss:
 * none; a broken line ends it with RECORDED_FILE, which names file and line. Memory: one batch and a line.
 */
import { isLeft } from 'fp-ts/lib/Either.js'
import { Observable } from 'rxjs'
import { RanktideError } from '../core/errors.js'
import { type Positions, partitionId } from '../core/positions.js'
import type { Message, MessageBatch } from '../operators/ports.js'
import { type FileLine, linesOfFile } from './lines-of-file.js'
import { bareMessage, formOf, type LineForm, recordOf } from './recorded-line.js'
import type { RecordedRange } from './recorded-range.js'

export interface RecordedFileOptions {
  readonly path: string
  readonly range: RecordedRange
  /** Messages of other topics are passed over; undefined: all are taken. */
  readonly topics: readonly string[] | undefined
  /** What bare messages are said to be of. */
  readonly topic: string
  /** Told how many bytes of the file have been read. */
  readonly read?: (bytes: number) => void
}

export class RecordedFile {
  readonly #options: RecordedFileOptions
  readonly #topics = new Set<string>()
  #form: LineForm | undefined

  constructor(options: RecordedFileOptions) {
    this.#options = options
  }

  /** Whether the file told offsets of a topic, or only lines; undefined before the first line. */
  get form(): LineForm | undefined {
    return this.#form
  }

  /** What lies before `start` is read and passed over. */
  batches(start: Positions): Observable<MessageBatch> {
    return new Observable((subscriber) => {
      const read = async (): Promise<void> => {
        const positions = new Map(start)
        await handOn([], positions, (batch) => subscriber.next(batch))
        for await (const lines of linesOfFile(this.#options.path, this.#options.read)) {
          const messages = lines.flatMap((line) => this.#messageIn(line, start))
          for (const { topic, partition, offset } of messages) positions.set(partitionId(topic, partition), offset + 1)
          if (subscriber.closed) return
          if (messages.length > 0) await handOn(messages, positions, (batch) => subscriber.next(batch))
        }
        this.#checkTopics()
        subscriber.complete()
      }
      read().catch((error: unknown) => subscriber.error(this.#asError(error)))
    })
  }

  #messageIn({ number, bytes }: FileLine, start: Positions): Message[] {
    const { range, topics, topic } = this.#options
    this.#form ??= this.#known(number, formOf(bytes))
    const message = this.#known(
      number,
      this.#form === 'records' ? recordOf(bytes) : bareMessage(bytes, topic, number - 1),
    )
    this.#topics.add(message.topic)
    if (topics !== undefined && this.#form === 'records' && !topics.includes(message.topic)) return []
    const next = range.next(message.topic, message.partition)
    if (message.offset < next) {
      const id = partitionId(message.topic, message.partition)
      throw this.#broken(number, `offset ${message.offset} of ${id} comes after ${next - 1}: they have to rise`)
    }
    if (!range.takes(message)) return []
    return message.offset < (start.get(partitionId(message.topic, message.partition)) ?? 0) ? [] : [message]
  }

  #checkTopics(): void {
    const { topics, path } = this.#options
    const missing = this.#form === 'records' ? topics?.find((topic) => !this.#topics.has(topic)) : undefined
    if (missing === undefined) return
    throw new RanktideError(
      'RECORDED_FILE',
      `${path} has no message of ${missing}; it has ${[...this.#topics].join(', ')}`,
    )
  }

  #known<T>(line: number, read: { _tag: 'Left'; left: string } | { _tag: 'Right'; right: T }): T {
    if (isLeft(read)) throw this.#broken(line, read.left)
    return read.right
  }

  #broken(line: number, why: string): RanktideError {
    return new RanktideError('RECORDED_FILE', `${this.#options.path}:${line}: ${why}`)
  }

  #asError(error: unknown): unknown {
    if (error instanceof RanktideError || !(error instanceof Error)) return error
    const { path } = this.#options
    return new RanktideError('RECORDED_FILE', `${path}: ${error.message.replace(`, open '${path}'`, '')}`, {
      cause: error,
    })
  }
}

/** Resolves when the batch has been released. */
const handOn = (
  messages: readonly Message[],
  positions: Positions,
  next: (batch: MessageBatch) => void,
): Promise<void> => new Promise((release) => next({ messages, positions: new Map(positions), release }))
