/** The boards of one feed, verified: which there are, and who is asked of them. */
import { setTimeout as delay } from 'node:timers/promises'
import type { BoardSpec } from '../core/board-spec.js'
import { groupName } from '../core/group-name.js'
import { boardTable, groupsAtOnce, groupsTable, nextValues } from '../operators/base-witness.js'
import type { Base } from '../operators/ports.js'
import { verifyBoards } from '../operators/verify-boards.js'
import type { BoardVerdict, RedisWitness, TableWitness, VerifyLimits } from '../operators/verify-ports.js'

export interface VerifiedFeed {
  readonly base: Base
  readonly limits: VerifyLimits
  readonly witnessOf: (spec: BoardSpec) => RedisWitness
  /** Values of the groups of a split board that Redis is to have. */
  readonly registered: (board: string) => Promise<Iterable<string>>
}

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
    const verdicts = await verify(feed, boardTable(feed.base, spec), feed.witnessOf(spec), [spec.name])
    yield verdicts.map((verdict) => ({ per: undefined, verdict }))
    return
  }
  for await (const values of per === undefined ? valuesOf(feed, spec) : [[per]]) {
    const byName = new Map(values.map((value) => [groupName(spec.name, value), value]))
    const table = groupsTable(feed.base, spec, byName)
    const verdicts = await verify(feed, table, feed.witnessOf(spec), [...byName.keys()])
    yield verdicts.map((verdict) => ({ per: byName.get(verdict.name) ?? '', verdict }))
  }
}

/** Of what is in Redis and of what is in the table: what only one of them has is what is looked for. */
const valuesOf = async function* (
  { registered, base }: VerifiedFeed,
  spec: BoardSpec,
): AsyncGenerator<readonly string[]> {
  const known = new Set(await registered(spec.name))
  const listed = [...known]
  for (let i = 0; i < listed.length; i += groupsAtOnce) yield listed.slice(i, i + groupsAtOnce)
  let after: string | undefined
  do {
    const { values, next } = await nextValues(base, spec, after)
    const others = values.filter((value) => !known.has(value))
    if (others.length > 0) yield others
    after = next
  } while (after !== undefined)
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
