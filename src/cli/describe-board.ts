import type { BoardConfig } from '../runtime/config.js'

const oneLine = (text: string): string => text.replaceAll(/\s+/g, ' ')

/** `likes: top 10 of webook.interactives by like_cnt desc where status = 1 per biz, from topic webook.interactives` */
export const describeBoard = ({ name, size, table, score, where, order, per, topics }: BoardConfig): string => {
  const from = `${topics.length > 1 ? 'topics' : 'topic'} ${topics.join(', ')}`
  const rows = where === undefined ? '' : ` where ${oneLine(where)}`
  const split = per === undefined ? '' : ` per ${per}`
  return `${name}: top ${size} of ${table.database}.${table.table} by ${oneLine(score)} ${order}${rows}${split}, from ${from}`
}
