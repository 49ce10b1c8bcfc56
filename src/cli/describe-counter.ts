import type { CounterConfig, HistoryConfig } from '../runtime/config.js'

const topicsText = (topics: readonly string[]): string =>
  `${topics.length > 1 ? 'topics' : 'topic'} ${topics.join(', ')}`

const sum = (column: string, amount: number): string =>
  amount < 0 ? `${column} - ${-amount}` : `${column} + ${amount}`

/** `reads: read_cnt + 1 in webook.interactives by (biz, biz_id), an hour and day, from topic read_events` */
export const describeCounter = ({ spec, topics }: CounterConfig): string => {
  const { name, table, key, add, buckets, timeZone } = spec
  const counted = [...add].map(([column, amount]) => sum(column, amount)).join(', ')
  const where = table.schema === undefined ? table.name : `${table.schema}.${table.name}`
  const kept = buckets.length === 0 ? '' : `, each ${buckets.join(' and ')} of ${timeZone}`
  return `${name}: ${counted} in ${where} by (${key.biz}, ${key.bizId})${kept}, from ${topicsText(topics)}`
}

const day = 86_400_000
const hour = 3_600_000

/** `history: latest reads for 90 days, from topic read_events` */
export const describeHistory = ({ topics, retentionMs }: HistoryConfig): string => {
  const kept =
    retentionMs === undefined
      ? 'for ever'
      : retentionMs % day === 0
        ? `for ${retentionMs / day} days`
        : `for ${Math.round((retentionMs / hour) * 100) / 100} hours`
  return `history: latest reads ${kept}, from ${topicsText(topics)}`
}
