/**
 * The Lua files as commands. A script is sent by its hash; a server that does not know it (restarted, failed over,
 * SCRIPT FLUSH) is sent the text, by ioredis. Every key is passed as a key, so this is safe in a cluster.
 */
import { readFileSync } from 'node:fs'
import type { Cluster, Redis } from 'ioredis'

const lua = (...names: string[]): string =>
  names.map((name) => readFileSync(new URL(`./lua/${name}.lua`, import.meta.url), 'utf8')).join('\n')

const scripts = {
  ranktideTake: { numberOfKeys: 3, lua: lua('board', 'take') },
  ranktidePublish: { numberOfKeys: 3, lua: lua('board', 'publish') },
  ranktideForget: { numberOfKeys: 3, lua: lua('board', 'forget') },
  ranktideSwap: { numberOfKeys: 3, lua: lua('board', 'swap') },
  ranktideShadow: { numberOfKeys: 3, lua: lua('board', 'shadow') },
  ranktideRegistry: { numberOfKeys: 2, lua: lua('registry') },
  ranktideConfirm: { numberOfKeys: 2, lua: lua('confirm') },
  ranktideReadHeartbeat: { numberOfKeys: 1, lua: lua('read-heartbeat') },
  ranktideAcquireLease: { numberOfKeys: 1, lua: lua('acquire-lease') },
  ranktideSetOffsets: { lua: lua('set-offsets') },
  ranktideReleaseLease: { numberOfKeys: 1, lua: lua('release-lease') },
}

export type ScriptName = keyof typeof scripts

/** What ioredis adds to a client for each script: keys, then arguments; the reply as its header says. */
export type ScriptedRedis = (Redis | Cluster) & Record<ScriptName, (...values: (string | number)[]) => Promise<unknown>>

export const withScripts = (redis: Redis | Cluster): ScriptedRedis => {
  for (const [name, definition] of Object.entries(scripts)) redis.defineCommand(name, definition)
  return redis as ScriptedRedis
}
