import { Registry } from 'prom-client'
import { expect, test } from 'vitest'
import { nothingCounted } from '../../src/core/counter-progress.js'
import { createCounterRecorder } from '../../src/http/counter-metrics.js'

const seriesOf = async (registry: Registry): Promise<string[]> =>
  (await registry.metrics())
    .split('\n')
    .filter((line) => line.startsWith('ranktide_'))
    .sort()

test('everything reported becomes a series; lives of a pipeline add up', async () => {
  const registry = new Registry()
  const recorder = createCounterRecorder(registry)
  let lag: { events: number; seconds: number } | undefined = { events: 7, seconds: 1.5 }
  recorder.watch('counters.reads', {
    ok: true,
    partitions: 2,
    get lag() {
      return lag
    },
  })
  recorder.watch('history', { ok: false, partitions: 0, lag: undefined })
  const first = { ...nothingCounted, events: 10, windows: 3, repeated: 1, fenced: 1, lost: 4, window: 2000 }
  recorder.progressed('counters.reads', nothingCounted, first)
  recorder.progressed('counters.reads', first, { ...first, events: 15, windows: 4 })
  // Another life begins at nothing.
  recorder.progressed('counters.reads', nothingCounted, { ...nothingCounted, events: 1, windows: 1, window: 1000 })
  recorder.writeFailed('counters.reads', 'DATABASE_CONFLICT')
  recorder.refused('counters.reads', 'EVENT_FIELD', 2)
  recorder.lettersFailed('counters.reads')
  recorder.expired(30)
  expect(await seriesOf(registry)).toEqual([
    'ranktide_counter_dead_letter_failures_total{pipeline="counters.reads"} 1',
    'ranktide_counter_events_total{pipeline="counters.reads"} 16',
    'ranktide_counter_lag_events{pipeline="counters.reads"} 7',
    'ranktide_counter_lag_seconds{pipeline="counters.reads"} 1.5',
    'ranktide_counter_lost_events_total{pipeline="counters.reads"} 4',
    'ranktide_counter_partitions{pipeline="counters.reads"} 2',
    'ranktide_counter_partitions{pipeline="history"} 0',
    'ranktide_counter_refused_events_total{pipeline="counters.reads",code="EVENT_FIELD"} 2',
    'ranktide_counter_transactions_total{pipeline="counters.reads",result="fenced"} 1',
    'ranktide_counter_transactions_total{pipeline="counters.reads",result="repeated"} 1',
    'ranktide_counter_transactions_total{pipeline="counters.reads",result="written"} 4',
    'ranktide_counter_up{pipeline="counters.reads"} 1',
    'ranktide_counter_up{pipeline="history"} 0',
    'ranktide_counter_window_events{pipeline="counters.reads"} 1000',
    'ranktide_counter_write_failures_total{pipeline="counters.reads",code="DATABASE_CONFLICT"} 1',
    'ranktide_history_expired_total 30',
  ])
  // Without partitions nothing is known of the lag: no number, rather than an old one.
  lag = undefined
  expect((await seriesOf(registry)).filter((line) => line.includes('lag'))).toEqual([])
})
