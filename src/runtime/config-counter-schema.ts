/** What `counters` and `history` of `ranktide.yaml` may hold. What spans several keys is in config-counter-checks.ts. */
import { z } from 'zod'
import { bucketUnits } from '../core/count-batch.js'
import {
  allow,
  columnPattern,
  duration,
  durationOrOff,
  groupName,
  oneOf,
  section,
  tablePattern,
  textOf,
  topicNames,
  wholeNumber,
} from './config-rules.js'

const window = section('events, time, most', {
  events: wholeNumber(1, 50_000).default(1000).describe('Events after which a transaction is made at once'),
  time: duration('1ms', '1m').prefault('200ms').describe('The longest that an event waits for others'),
  most: wholeNumber(1, 50_000)
    .optional()
    .describe('The most events of a transaction while there is a backlog. Default: 10 times events, at most 50,000'),
})

/** What counters and the history have in common: where they read, and from where. */
const reading = {
  topic: topicNames().describe('The topics that carry the read events'),
  group: groupName().optional(),
  start: oneOf('beginning', 'end').default('beginning').describe('Where a partition is begun that was never read'),
  onLoss: oneOf('stop', 'skip')
    .default('stop')
    .describe('When the topic no longer has events that were not read: stop and say so, or go on without them'),
  window: window.prefault({}),
}

const keyColumns = 'two columns: that of biz and that of biz_id'

const isTimeZone = (name: string): boolean => {
  try {
    return new Intl.DateTimeFormat('en', { timeZone: name }) !== undefined
  } catch {
    return false
  }
}

const addition = z
  .int({ error: allow('a whole number from -1000000 to 1000000, not 0') })
  .min(-1_000_000, { error: allow('a whole number from -1000000 to 1000000, not 0') })
  .max(1_000_000, { error: allow('a whole number from -1000000 to 1000000, not 0') })
  .refine((number) => number !== 0, { error: allow('a whole number from -1000000 to 1000000, not 0') })

export const counter = section(
  'topic, table, add, and if need be key, window, buckets, timeZone, group, start, onLoss',
  {
    ...reading,
    table: textOf('database.table, or a table of the database in database.url', tablePattern).describe(
      'The table that is counted into; in Postgres schema.table',
    ),
    key: z
      .array(textOf('a column name', columnPattern), { error: allow(keyColumns) })
      .length(2, { error: allow(keyColumns) })
      .default(['biz', 'biz_id'])
      .describe("The columns of the event's biz and biz_id: together a unique key of the table"),
    add: z
      .record(z.string(), addition, { error: allow('a mapping of columns to what an event adds, such as read_cnt: 1') })
      .describe('What one event adds, by column'),
    buckets: z
      .array(oneOf(...bucketUnits), { error: allow(`a list of ${bucketUnits.join(', ')}`) })
      .refine((units) => new Set(units).size === units.length, {
        error: allow(`a list of ${bucketUnits.join(', ')}, each once`),
      })
      .default([])
      .describe('Counts an hour or day that are kept beside the total'),
    timeZone: textOf('the name of a time zone, such as Asia/Shanghai', /^[A-Za-z][\w+-]*(\/[\w+-]+)*$/)
      .refine(isTimeZone, { error: allow('the name of a time zone, such as Asia/Shanghai') })
      .default('UTC')
      .describe('The time zone in which hours and days begin'),
  },
)

export const history = section('topic, and if need be group, retention, window, start, onLoss', {
  ...reading,
  retention: durationOrOff('1h', '3650d', '30d or 90d')
    .prefault('90d')
    .describe('After which time a read is deleted, or off'),
})

export type ParsedCounter = z.output<typeof counter>
export type ParsedHistory = z.output<typeof history>
