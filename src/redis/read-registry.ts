/**
 * The registry of a split board's groups, read in steps: a hash of 100,000 fields is never one reply. A group that was
 * registered before the first step and not removed since is in it; of those that come or go meanwhile it may tell either.
 */
import { wholeNumber } from './board-reply.js'
import type { RedisClient } from './client.js'

const fieldsPerStep = 1_000

/** Value of each group → the version last vouched for. A key of another type reads as empty. */
export const readRegistry = async (
  client: RedisClient,
  registry: string,
): Promise<ReadonlyMap<string, number | undefined>> => {
  const groups = new Map<string, number | undefined>()
  const kind = await client.call((redis) => redis.type(registry))
  if (kind !== 'hash') return groups
  let cursor = '0'
  do {
    const from = cursor
    const [next, flat] = await client.call((redis) => redis.hscan(registry, from, 'COUNT', fieldsPerStep))
    for (let i = 0; i + 1 < flat.length; i += 2) groups.set(flat[i] ?? '', wholeNumber(flat[i + 1]))
    cursor = next
  } while (cursor !== '0')
  return groups
}
