/** The boards of one feed, verified: which there are, and who is asked of them. */
import { setTimeout as delay } from 'node:timers/promises'
import { definitionOf } from '../core/board-definition.js'
import type { BoardSpec } from '../core/board-spec.js'
import { groupName } from '../core/group-name.js'
import { boardTable, groupsTable, nextValues } from '../operators/base-witness.js'
import type { Base } from '../operators/ports.js'
import { verifyBoards } from '../operators/verify-boards.js'
import type { BoardVerdict, RedisWitness, TableWitness, VerifyLimits } from '../operators/verify-ports.js'
import type { RedisClient } from '../redis/client.js'
import { splitKeys } from '../redis/keys.js'
import { readRegistry } from '../redis/read-registry.js'
import { FeedWitness } from '../redis/redis-witness.js'

export interface VerifiedFeed {
  readonly client: RedisClient
  readonly prefix: string
  readonly name: string
  readonly topics: readonly string[]
  readonly base: Base
  readonly zsetOf: (board: string) => string | undefined
  readonly limits: VerifyLimits
}

/** Groups that share their snapshots. */
const groupsAtOnce = 100

export interface FoundVerdict {
  readonly per: string | undefined
  readonly verdict: BoardVerdict
}

/** Of a split board each group, or the one of the value `per`; one after the other, by the hundred. */
export const verifyBoard = async function* (
  feed: VerifiedFeed,
  spec: BoardSpec,
  per: string | undefined,
): AsyncGenerator<readonly FoundVerdict[]> {
  if (spec.per === undefined) {
    const verdicts = await verify(feed, boardTable(feed.base, spec), witnessOf(feed, spec), [spec.name])
    yield verdicts.map((verdict) => ({ per: undefined, verdict }))
    return
  }
  for await (const values of per === undefined ? valuesOf(feed, spec) : [[per]]) {
    const byName = new Map(values.map((value) => [groupName(spec.name, value), value]))
    const table = groupsTable(feed.base, spec, byName)
    const verdicts = await verify(feed, table, witnessOf(feed, spec), [...byName.keys()])
    yield verdicts.map((verdict) => ({ per: byName.get(verdict.name) ?? '', verdict }))
  }
}

/** Of what is in Redis and of what is in the table: what only one of them has is what is looked for. */
const valuesOf = async function* (
  { client, prefix, base }: VerifiedFeed,
  spec: BoardSpec,
): AsyncGenerator<readonly string[]> {
  const registered = await readRegistry(client, splitKeys(prefix, spec.name).registry)
  const known = [...registered.keys()]
  for (let i = 0; i < known.length; i += groupsAtOnce) yield known.slice(i, i + groupsAtOnce)
  let after: string | undefined
  do {
    const { values, next } = await nextValues(base, spec, after)
    const others = values.filter((value) => !registered.has(value))
    if (others.length > 0) yield others
    after = next
  } while (after !== undefined)
}

const witnessOf = ({ client, prefix, name: feed, topics, zsetOf }: VerifiedFeed, spec: BoardSpec): RedisWitness => {
  const definition = definitionOf(spec, topics)
  const split = spec.per === undefined ? undefined : spec.name
  return new FeedWitness({ client, prefix, feed, definition, zset: split ? undefined : zsetOf(spec.name), split })
}

const verify = (
  { limits }: VerifiedFeed,
  table: TableWitness,
  redis: RedisWitness,
  names: readonly string[],
): Promise<readonly BoardVerdict[]> => {
  const ports = { table, redis, now: () => performance.now(), wait: (ms: number) => delay(ms), random: Math.random }
  return verifyBoards(names, ports, limits)
}
