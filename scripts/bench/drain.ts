/** The floor: the topic read by bare node-rdkafka with an empty handler, or with nothing but JSON.parse in it. */
import kafka from 'node-rdkafka'
import { Stopwatch } from './measures.js'

export interface DrainOptions {
  readonly brokers: string
  readonly topic: string
  readonly messages: number
  readonly parse: boolean
}

const atOnce = 1_000

const drain = ({ brokers, topic, messages, parse }: DrainOptions): void => {
  const consumer = new kafka.KafkaConsumer(
    {
      'metadata.broker.list': brokers,
      'group.id': `bench-drain-${process.pid}`,
      'enable.auto.commit': false,
      // Else librdkafka pauses for a second whenever its queue is full, and that would be what is measured.
      'fetch.queue.backoff.ms': 10,
      'queued.min.messages': 20_000,
    },
    {},
  )
  const watch = new Stopwatch()
  let seen = 0
  let bytes = 0
  const next = (): void => {
    consumer.consume(atOnce, (error, batch) => {
      if (error) throw error
      if (batch.length > 0) watch.begin()
      for (const { value } of batch) {
        seen += 1
        bytes += value?.length ?? 0
        if (parse && value !== null) JSON.parse(value.toString('utf8'))
      }
      if (seen < messages) return next()
      process.send?.(watch.end(seen, bytes))
      consumer.disconnect(() => process.exit(0))
    })
  }
  consumer.on('ready', () => {
    consumer.assign([{ topic, partition: 0, offset: 0 }])
    consumer.setDefaultConsumeTimeout(50)
    next()
  })
  consumer.connect()
}

process.once('message', (options: DrainOptions) => drain(options))
