/**
 * The read counter as `ranktide run` wires it, on the first events of the bench: decoding, windows, folding, and one
 * transaction a window with the offsets in it. Events come from the Kafka topic, as a member of a group, or from a log in
 * memory, where nothing but the counter and the database is measured.
 */
import { randomUUID } from 'node:crypto'
import { asyncScheduler, filter, firstValueFrom, map, tap } from 'rxjs'
import { readCounterPipeline } from '../../pipelines/read-counter.js'
import type { CountBatch } from '../../src/core/count-batch.js'
import { type Positions, partitionId } from '../../src/core/positions.js'
import { readEvent } from '../../src/formats/read-event.js'
import type { BatchStore } from '../../src/operators/batch-store.js'
import type { Assignment, GroupConsumer } from '../../src/operators/message-ports.js'
import { KafkaGroupConsumer } from '../../src/sources/kafka-group-consumer.js'
import { MemoryDeadLetters } from '../../src/sources/memory-dead-letters.js'
import { MemoryLog } from '../../src/sources/memory-log.js'
import { openBare } from './bare-connection.js'
import { openCountStore } from './count-stores.js'
import { type Measure, Stopwatch } from './measures.js'
import { drawReads, eventKey, eventText, type ReadsOptions } from './read-events.js'

export interface CounterRunOptions {
  readonly source: 'kafka' | 'memory'
  readonly brokers: string
  /** In Kafka: holds these events at least. */
  readonly topic: string
  readonly reads: ReadsOptions
  readonly url: string
  /** Events a transaction. */
  readonly size: number
  /** Events that are counted before the clock starts, into a table that is emptied then. */
  readonly warm: number
}

/** The first `events` of the one partition, and nothing behind them. */
const upTo = (consumer: GroupConsumer, events: number, watch: Stopwatch): GroupConsumer => {
  const cut = (positions: Positions): Positions =>
    new Map([...positions].map(([id, offset]) => [id, Math.min(offset, events)]))
  const limited = (assignment: Assignment): Assignment => ({
    partitions: assignment.partitions,
    bounds: async () => {
      const { first, ends } = await assignment.bounds()
      return { first, ends: cut(ends) }
    },
    batches: (start) =>
      assignment.batches(start).pipe(
        filter(({ messages: [first] }) => first === undefined || first.offset < events),
        tap(({ messages }) => messages.length > 0 && watch.begin()),
        map((batch) => ({
          messages: batch.messages.filter(({ offset }) => offset < events),
          positions: cut(batch.positions),
          release: () => batch.release(),
        })),
      ),
  })
  return {
    assignments: () => consumer.assignments().pipe(map(limited)),
    mirror: (positions) => consumer.mirror(positions),
    close: () => consumer.close(),
  }
}

const openConsumer = ({ source, brokers, topic, reads, size }: CounterRunOptions, group: string): GroupConsumer => {
  const window = { events: size, bytes: 16 * 1024 * 1024, time: 5 }
  if (source === 'kafka')
    return new KafkaGroupConsumer({ brokers, group, client: {}, topics: [topic], window, onTrouble: () => {} })
  const log = new MemoryLog({ [topic]: 1 })
  log.batch = size
  for (const [index, item] of drawReads(reads).entries())
    log.append(topic, 0, { key: Buffer.from(eventKey(item)), value: Buffer.from(eventText(item, index)) })
  return log.consumer({ group, topics: [topic] })
}

const quiet = { failed: () => {}, fenced: () => {}, lost: () => {}, letters: { written: () => {}, failed: () => {} } }

const count = async (
  options: CounterRunOptions,
  store: BatchStore<CountBatch>,
  events: number,
  group: string,
): Promise<Measure> => {
  const consumer = openConsumer(options, group)
  // A log in memory is a hundred thousand new objects, which a worker would not have: they are old before the clock starts.
  globalThis.gc?.()
  const watch = new Stopwatch()
  const letters = new MemoryDeadLetters()
  const id = partitionId(options.topic, 0)
  const done$ = readCounterPipeline({
    name: 'bench',
    group,
    consumer: upTo(consumer, events, watch),
    store,
    spec: { buckets: [], timeZone: 'UTC' },
    deadLetters: letters,
    decode: readEvent,
    window: { events: options.size, most: options.size, time: 200 },
    start: 'beginning',
    onLoss: 'stop',
    scheduler: asyncScheduler,
    random: Math.random,
    observer: quiet,
  }).pipe(
    filter(({ positions }) => (positions.get(id) ?? 0) >= events),
    map(({ windows }) => ({ windows, measure: watch.end(events, 0) })),
  )
  const { windows, measure } = await firstValueFrom(done$)
  await consumer.close()
  const expected = Math.ceil(events / options.size)
  // Kafka's client hands on what it has fetched: a window may be larger there, or be closed by its time.
  if (options.source === 'memory' && windows !== expected)
    throw new Error(`${windows} transactions instead of ${expected}`)
  return measure
}

const run = async (options: CounterRunOptions): Promise<Measure> => {
  const store = openCountStore(options.url)
  await count(options, store, options.warm, `warm-${randomUUID()}`)
  const bare = await openBare(options.url)
  await bare.run('TRUNCATE TABLE interactives')
  await bare.end()
  const measure = await count(options, store, options.reads.events, `measured-${randomUUID()}`)
  await store.close()
  return measure
}

process.once('message', async (options: CounterRunOptions) => {
  process.send?.(await run(options), () => process.exit(0))
})
