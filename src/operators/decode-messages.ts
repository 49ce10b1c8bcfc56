import { defer, map, type OperatorFunction } from 'rxjs'
import type { Decode, FeedEvent, RefusedMessage } from '../core/change.js'
import { partitionId } from '../core/positions.js'
import { RewindSigns } from '../core/rewind-signs.js'
import type { DecodedBatch } from './event-batch.js'
import type { Message, MessageBatch, RefusedRecord } from './ports.js'

export interface DecodeObserver {
  /** After every batch that is not empty. */
  decoded?(batch: DecodedBatch): void
  /** Whether several producers write one partition, so that their batch numbers tell no rewinds. */
  severalSources?(several: boolean): void
}

/**
 * Bytes to events. A message is taken whole or refused whole; a refused one stays in its place as a control, so that
 * nothing is skipped silently: it concerns the tables that it names, or any if it names none. Where the producer has gone
 * back, a control says so in front of the first message that is sent again.
 * Order: kept. Duplicates, loss: none added. Memory: one batch.
 */
export const decodeMessages =
  (
    decode: Decode,
    observer: DecodeObserver,
    newest?: ReadonlyMap<string, number>,
  ): OperatorFunction<MessageBatch, DecodedBatch> =>
  (batches$) =>
    defer(() => {
      const signs = new RewindSigns(newest)
      return batches$.pipe(map((batch) => decodeBatch(batch, decode, observer, signs)))
    })

const decodeBatch = (
  batch: MessageBatch,
  decode: Decode,
  observer: DecodeObserver,
  signs: RewindSigns,
): DecodedBatch => {
  const events: FeedEvent[] = []
  const refused: RefusedRecord[] = []
  const maxEs = new Map<string, number>()
  for (const message of batch.messages) {
    const decoded = decode(message.value)
    if (decoded._tag === 'Left') {
      refused.push({ message, refusal: decoded.left.refusal })
      events.push(...refusedEvents(decoded.left))
      continue
    }
    const id = partitionId(message.topic, message.partition)
    const told = toldTime(message, decoded.right.es)
    if (signs.see(id, decoded.right.batchId, told, message.timestamp)) events.push({ kind: 'rewound' })
    for (const event of decoded.right.events) events.push(event)
    if (told !== undefined && told > (maxEs.get(id) ?? 0)) maxEs.set(id, told)
  }
  const { positions, messages } = batch
  const release = () => batch.release()
  const { behind } = signs
  const told = behind.length === 0 ? {} : { behind }
  const decodedBatch = { events, refused, positions, maxEs, messages: messages.length, ...told, release }
  if (messages.length > 0) {
    observer.decoded?.(decodedBatch)
    observer.severalSources?.(signs.several)
  }
  return decodedBatch
}

/** Further ahead of its record than clocks differ, ms: a commit time that a session has made up. */
const madeUp = 60_000

/** A forged clock must not stand for time that has not come: no commit is later than its record. */
const toldTime = ({ timestamp }: Message, es: number | undefined): number | undefined => {
  if (es === undefined || timestamp === undefined) return es
  return es > timestamp + madeUp ? undefined : Math.min(es, timestamp)
}

const refusedEvents = ({ refusal, tables }: RefusedMessage): FeedEvent[] =>
  tables === undefined
    ? [{ kind: 'refused', table: undefined, refusal }]
    : tables.map((table) => ({ kind: 'refused', table, refusal }))
