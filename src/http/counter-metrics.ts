/**
 * The metrics of counters and of the history. The label is the pipeline as the configuration has it: `counters.reads`,
 * `history`.
 */
import { Counter, Gauge, type Registry } from 'prom-client'
import type { CounterGauges, CounterRecorder } from '../operators/counter-recorder.js'

const pipeline = ['pipeline'] as const

const gaugeTable = {
  lagEvents: {
    name: 'ranktide_counter_lag_events',
    help: 'Events in the partitions of this worker that are not yet counted',
    value: ({ lag }: CounterGauges) => lag?.events,
  },
  lagSeconds: {
    name: 'ranktide_counter_lag_seconds',
    help: 'Age of the oldest event that is not yet counted, 0 without any',
    value: ({ lag }: CounterGauges) => lag?.seconds,
  },
  partitions: {
    name: 'ranktide_counter_partitions',
    help: 'Partitions that this worker counts',
    value: ({ partitions }: CounterGauges) => partitions,
  },
  up: {
    name: 'ranktide_counter_up',
    help: '1 while the pipeline counts or stands by, 0 while it waits for a server or is down',
    value: ({ ok }: CounterGauges) => (ok ? 1 : 0),
  },
} as const

/** Values that change while nothing is reported are worked out when they are asked for. */
const addGauges = (registry: Registry, watched: ReadonlyMap<string, CounterGauges>): void => {
  for (const { name, help, value } of Object.values(gaugeTable)) {
    new Gauge({
      name,
      help,
      labelNames: pipeline,
      registers: [registry],
      collect() {
        this.reset()
        for (const [one, gauges] of watched) {
          const found = value(gauges)
          if (found !== undefined) this.set({ pipeline: one }, found)
        }
      },
    })
  }
}

/** Registers them all. Call it once for a registry. */
export const createCounterRecorder = (registry: Registry): CounterRecorder => {
  const registers = [registry]
  const counter = (name: string, help: string, labelNames: readonly string[] = pipeline): Counter<string> =>
    new Counter({ name: `ranktide_${name}`, help, labelNames, registers })

  const events = counter('counter_events_total', 'Events whose transaction was committed by this worker')
  const transactions = counter('counter_transactions_total', 'Transactions of windows, by what came of them', [
    'pipeline',
    'result',
  ])
  const failures = counter('counter_write_failures_total', 'Transactions that failed and were made again', [
    'pipeline',
    'code',
  ])
  const refused = counter('counter_refused_events_total', 'Events that became dead letters, by error code', [
    'pipeline',
    'code',
  ])
  const letterFailures = counter('counter_dead_letter_failures_total', 'Writes to the dead-letter topic that failed')
  const lost = counter('counter_lost_events_total', 'Offsets that the topic no longer held, passed over')
  const window = new Gauge({
    name: 'ranktide_counter_window_events',
    help: 'Most events of the next transaction',
    labelNames: pipeline,
    registers,
  })
  const expired = counter('history_expired_total', 'Reads that were deleted for their age', [])

  const watched = new Map<string, CounterGauges>()
  addGauges(registry, watched)

  return {
    watch: (name, gauges) => {
      watched.set(name, gauges)
    },
    forget: (name) => {
      watched.delete(name)
      window.remove({ pipeline: name })
    },
    progressed: (name, before, after) => {
      const labels = { pipeline: name }
      events.inc(labels, after.events - before.events)
      const [repeated, all] = [after.repeated - before.repeated, after.windows - before.windows]
      transactions.inc({ ...labels, result: 'written' }, all - repeated)
      transactions.inc({ ...labels, result: 'repeated' }, repeated)
      transactions.inc({ ...labels, result: 'fenced' }, after.fenced - before.fenced)
      lost.inc(labels, after.lost - before.lost)
      window.set(labels, after.window)
    },
    writeFailed: (name, code) => failures.inc({ pipeline: name, code }),
    refused: (name, code, count) => refused.inc({ pipeline: name, code }, count),
    lettersFailed: (name) => letterFailures.inc({ pipeline: name }),
    expired: (reads) => expired.inc(reads),
  }
}
