/** Whether the board that a run has left in Redis is the table's best. */
import type { Redis } from 'ioredis'
import { Traffic, type TrafficOptions } from './traffic.js'

/** Fails with the first place that differs. */
export const checkBoard = async (
  redis: Redis,
  prefix: string,
  options: TrafficOptions,
  messages: number,
  size: number,
): Promise<void> => {
  const found = await redis.zrange(
    `${prefix}:{likes}`,
    '+inf',
    '-inf',
    'BYSCORE',
    'REV',
    'LIMIT',
    0,
    size,
    'WITHSCORES',
  )
  const there = new Map<string, number>()
  for (let i = 0; i < found.length; i += 2) there.set(found[i] ?? '', Number(found[i + 1]))
  checkPlaces(there, options, messages, size)
}

/** `there`: score by id. Fails with the first place that differs. */
export const checkPlaces = (
  there: ReadonlyMap<string, number>,
  options: TrafficOptions,
  messages: number,
  size: number,
): void => {
  const traffic = new Traffic(options)
  traffic.advance(messages)
  const best = traffic.best(size)
  for (const [rank, { id, score }] of best.entries())
    if (there.get(String(id)) !== score)
      throw new Error(
        `rank ${rank + 1}: the table has ${id} with ${score}, the board ${there.get(String(id)) ?? 'nothing'}`,
      )
  if (there.size !== best.length) throw new Error(`the board has ${there.size} members, the table ${best.length}`)
}
