/** Whether a shadow board may stand under a key: never on what the configuration's boards and feeds keep. Pure. */
import { asRanktideError, RanktideError } from '../core/errors.js'
import { boardKeys, feedKeys, shadowKeys, splitKeys } from '../redis/keys.js'
import type { Config } from '../runtime/config.js'
import { feedsOf } from '../runtime/feeds.js'

const wrong = (what: string): RanktideError => new RanktideError('CONFIG_INVALID', `ranktide replay: --into: ${what}`)

/** Fails with CONFIG_INVALID. */
export const checkShadowKey = (config: Pick<Config, 'boards'>, prefix: string, key: string): void => {
  const { zset, rows, meta } = keysOf(key)
  const owners = liveKeys(config, prefix)
  for (const wanted of [zset, rows, meta]) {
    const owner = owners.get(wanted) ?? groupOwner(config, prefix, wanted)
    if (owner === undefined) continue
    const what = wanted === key ? key : `${key} takes ${wanted} beside it, which`
    throw wrong(
      `${what} is a key of ${owner}; --apply swaps a board in there, --into wants another name, such as replay:{${key.replace(/[{}]/g, '')}}`,
    )
  }
}

const keysOf = (key: string): ReturnType<typeof shadowKeys> => {
  try {
    return shadowKeys(key)
  } catch (error) {
    throw wrong(asRanktideError(error).detail)
  }
}

const liveKeys = (config: Pick<Config, 'boards'>, prefix: string): ReadonlyMap<string, string> => {
  const owners = new Map<string, string>()
  for (const { name, zset, per } of config.boards) {
    const keys = boardKeys(prefix, name, zset)
    for (const key of [keys.zset, keys.rows, keys.meta]) owners.set(key, `the board ${name}`)
    if (per !== undefined) owners.set(splitKeys(prefix, name).registry, `the board ${name}`)
  }
  for (const { name } of feedsOf(config)) {
    const { lease, heartbeat } = feedKeys(prefix, name)
    for (const key of [lease, heartbeat]) owners.set(key, `the feed ${name}`)
  }
  return owners
}

/** Groups have keys of their own, which nobody knows beforehand. */
const groupOwner = ({ boards }: Pick<Config, 'boards'>, prefix: string, key: string): string | undefined => {
  const split = boards.find(
    ({ name, per }) => per !== undefined && key.startsWith(boardKeys(prefix, `${name}/`).zset.slice(0, -1)),
  )
  return split === undefined ? undefined : `the split board ${split.name}`
}
