/** What a Redis server says of itself, and what this user may do there. Nothing is written. */
import { randomUUID } from 'node:crypto'
import { readFileSync } from 'node:fs'
import type { RedisClient } from './client.js'

const tryRights = readFileSync(new URL('./lua/try-rights.lua', import.meta.url), 'utf8')

/** The fields of INFO by name. In a cluster: those of one of its servers. */
export const readInfo = async (client: RedisClient): Promise<ReadonlyMap<string, string>> => {
  const text = await client.call((redis) => redis.info())
  const fields = text.split(/\r?\n/).map((line) => {
    const colon = line.indexOf(':')
    return [line.slice(0, colon), line.slice(colon + 1)] as const
  })
  return new Map(fields.filter(([name]) => name !== '' && !name.startsWith('#')))
}

export interface RefusedCommand {
  readonly command: string
  /** Redis' sentence. */
  readonly why: string
}

/** Of the commands that ranktide's scripts use, under the prefix, those that are refused. */
export const refusedCommands = async (client: RedisClient, prefix: string): Promise<readonly RefusedCommand[]> => {
  const stem = `${prefix === '' ? '' : `${prefix}:`}{doctor:${randomUUID()}}`
  const reply = await client.call((redis) => redis.eval(tryRights, 1, stem, `${stem}:changes`))
  const flat = Array.isArray(reply) ? reply.map(String) : []
  return flat.flatMap((command, i) => (i % 2 === 0 ? [{ command, why: flat[i + 1] ?? '' }] : []))
}

/** Types of keys, in their order: `zset`, `hash`, `string`, `none` … */
export const typesOf = (client: RedisClient, keys: readonly string[]): Promise<readonly string[]> =>
  client.call((redis) => Promise.all(keys.map((key) => redis.type(key))))
