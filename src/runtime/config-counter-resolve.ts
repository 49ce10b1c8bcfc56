/** From what the file says of counters and the history to what the program uses. */
import type { CounterConfig, HistoryConfig, ReadingConfig } from './config.js'
import type { ParsedCounter, ParsedHistory } from './config-counter-schema.js'

/** By how much a window may grow under a backlog, where the file does not say. */
const growth = 10

/** The most events of a transaction that a file may ask for. */
const largestWindow = 50_000

/** The consumer group of a counter and of the history, where the file does not say. */
export const counterGroup = (kafkaGroup: string, name: string): string => `${kafkaGroup}.counter.${name}`
export const historyGroup = (kafkaGroup: string): string => `${kafkaGroup}.history`

const resolveReading = (parsed: ParsedHistory | ParsedCounter, group: string): ReadingConfig => {
  const { topic, start, onLoss, window } = parsed
  const { events, time } = window
  const most = window.most ?? Math.min(growth * events, largestWindow)
  return { topics: topic, group: parsed.group ?? group, start, onLoss, window: { events, timeMs: time, most } }
}

const resolveCountedTable = (written: string): CounterConfig['spec']['table'] => {
  const dot = written.indexOf('.')
  return dot < 0
    ? { schema: undefined, name: written }
    : { schema: written.slice(0, dot), name: written.slice(dot + 1) }
}

export const resolveCounter = (name: string, parsed: ParsedCounter, kafkaGroup: string): CounterConfig => {
  const [biz = '', bizId = ''] = parsed.key
  return {
    ...resolveReading(parsed, counterGroup(kafkaGroup, name)),
    spec: {
      name,
      table: resolveCountedTable(parsed.table),
      key: { biz, bizId },
      add: new Map(Object.entries(parsed.add)),
      buckets: parsed.buckets,
      timeZone: parsed.timeZone,
    },
  }
}

export const resolveHistory = (parsed: ParsedHistory, kafkaGroup: string): HistoryConfig => ({
  ...resolveReading(parsed, historyGroup(kafkaGroup)),
  retentionMs: parsed.retention,
})
