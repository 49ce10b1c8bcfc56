/** Whether the sorted sets are the boards too, for programs that read Redis themselves. */
import { Redis } from 'ioredis'
import { boardSize, type DemoBoard, demoBoards } from './demo-boards.js'
import { say } from './demo-show.js'
import type { ArticleTable } from './simulator.js'

type Row = Readonly<Record<'id' | 'like_cnt' | 'read_cnt', number>>

export const sameInRedis = async (table: ArticleTable, url: string): Promise<boolean> => {
  const redis = new Redis(url, { protocol: 2 })
  try {
    const equal = await Promise.all(demoBoards.map((board) => sameBoard(redis, table, board)))
    return !equal.includes(false)
  } finally {
    redis.disconnect()
  }
}

const sameBoard = async (redis: Redis, table: ArticleTable, { name, column }: DemoBoard): Promise<boolean> => {
  const key = `ranktide:{${name}}`
  const flat = await redis.zrange(key, 0, '-1', 'WITHSCORES')
  const found = flat.flatMap((member, i) => (i % 2 === 0 ? [`${member} ${flat[i + 1]}`] : []))
  const best = JSON.parse(await table.best(column, boardSize)) as readonly Row[]
  const wanted = best.map((row) => `${row.id} ${row[column]}`)
  const equal = found.sort().join() === wanted.sort().join()
  say(`sorted set ${key} in Redis: ${equal ? `the same ${found.length} members` : `differs: ${found.join(', ')}`}`)
  return equal
}
