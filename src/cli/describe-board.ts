import type { BoardConfig } from '../runtime/config.js'

/** `likes: top 10 of webook.interactives by like_cnt desc per biz, from topic webook.interactives` */
export const describeBoard = ({ name, size, table, score, order, per, topics }: BoardConfig): string => {
  const from = `${topics.length > 1 ? 'topics' : 'topic'} ${topics.join(', ')}`
  return `${name}: top ${size} of ${table.database}.${table.table} by ${score} ${order}${per === undefined ? '' : ` per ${per}`}, from ${from}`
}
