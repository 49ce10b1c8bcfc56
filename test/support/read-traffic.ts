/** Read events on a real Kafka, written at a steady rate while everything else goes down and comes back. */
import { setTimeout as delay } from 'node:timers/promises'
import kafka from 'node-rdkafka'
import { zipfDraw } from '../../scripts/bench/zipf.js'
import { stack } from './stack.js'

export interface TrafficOptions {
  readonly topic: string
  readonly events: number
  readonly items: number
  /** Events a second, at most. */
  readonly rate: number
  readonly random: () => number
  /** The time of the first event, ms since 1970; each one after it is `step` ms later. */
  readonly from: number
  readonly step: number
}

const slice = 50

/** Every event is written once: an idempotent producer that goes on trying. */
export class ReadTraffic {
  /** By item, how many events were handed over. */
  readonly produced: Uint32Array
  readonly #options: TrafficOptions
  #written = 0
  #failure: unknown

  constructor(options: TrafficOptions) {
    this.#options = options
    this.produced = new Uint32Array(options.items)
  }

  get written(): number {
    return this.#written
  }

  static biz(item: number): string {
    return item % 3 === 0 ? 'song' : 'article'
  }

  /** Resolves when the broker has all of them. */
  async run(): Promise<void> {
    const { topic, events, items, rate, random, from, step } = this.#options
    const producer = new kafka.Producer(
      {
        'metadata.broker.list': stack.kafka,
        'enable.idempotence': true,
        'linger.ms': 20,
        'queue.buffering.max.messages': 200_000,
        'reconnect.backoff.max.ms': 1_000,
        dr_cb: true,
      },
      { 'message.timeout.ms': 300_000, partitioner: 'murmur2_random' },
    )
    producer.on('delivery-report', (error) => {
      if (error) this.#failure = error
      else this.#written += 1
    })
    producer.on('event.error', () => {})
    await new Promise<void>((resolve, reject) => {
      producer.connect({ timeout: 10_000 }, (error) => (error ? reject(error) : resolve()))
    })
    producer.setPollInterval(slice)
    const draw = zipfDraw(items, 1.1, random)
    const begun = performance.now()
    for (let sent = 0; sent < events; ) {
      const due = Math.min(events, Math.ceil(((performance.now() - begun + slice) / 1_000) * rate))
      for (; sent < due && sent - this.#written < 100_000; sent++) {
        const item = draw()
        const biz = ReadTraffic.biz(item)
        const value = `{"uid":${sent % 5_000},"biz":"${biz}","biz_id":${item},"ts":${from + sent * step}}`
        producer.produce(topic, null, Buffer.from(value), `${biz}:${item}`)
        this.produced[item] = (this.produced[item] ?? 0) + 1
      }
      await delay(slice)
      if (this.#failure !== undefined) throw this.#failure
    }
    while (this.#written < events) {
      await delay(slice)
      if (this.#failure !== undefined) throw this.#failure
    }
    await new Promise<void>((resolve) => producer.disconnect(() => resolve()))
  }
}
