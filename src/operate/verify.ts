/** `ranktide verify`: every board of the configuration against its table, and repairs of those that are wrong. */
import { setTimeout as delay } from 'node:timers/promises'
import { definitionOf } from '../core/board-definition.js'
import type { BoardSpec } from '../core/board-spec.js'
import { RanktideError } from '../core/errors.js'
import { nearestName } from '../core/nearest-name.js'
import { RedisClient } from '../redis/client.js'
import { readFeed } from '../redis/feed-status.js'
import { HealRequests } from '../redis/heal-requests.js'
import { splitKeys } from '../redis/keys.js'
import { instanceOf } from '../redis/lease.js'
import { readRegistry } from '../redis/read-registry.js'
import { FeedWitness } from '../redis/redis-witness.js'
import type { Config } from '../runtime/config.js'
import { type Feed, feedsOf } from '../runtime/feeds.js'
import { WorkerDatabase } from '../worker/database.js'
import type { VerifiedFeed } from '../worker/verify-feed.js'
import { checkBoard, isNoGroup } from './check-board.js'
import type { BoardCheck, Heal, VerifyResult, VerifyWish } from './verify-result.js'

/** How long an owner may take to hear of a request, ms: it looks once a second. */
const hearing = 10_000

interface Open {
  readonly wish: VerifyWish
  readonly client: RedisClient
  readonly prefix: string
}

/** Fails with CONFIG_INVALID for boards that there are not, and with what an unreachable server fails with. */
export const verify = async (config: Config, wish: VerifyWish): Promise<VerifyResult> => {
  const names = wantedBoards(config, wish)
  if (config.redis === undefined) throw new RanktideError('CONFIG_INVALID', 'redis: boards need it')
  const database = new WorkerDatabase(config.database)
  const client = new RedisClient(config.redis.connection)
  try {
    await client.connected()
    const open = { wish, client, prefix: config.redis.prefix }
    const boards: BoardCheck[] = []
    const heals: Heal[] = []
    for (const feed of feedsOf(config)) {
      const wanted = feed.boards.filter(({ name }) => names.has(name)).map(({ name }) => name)
      if (wanted.length === 0) continue
      const verified = await openFeed(config, database, open, feed)
      const done = await verifyFeed(verified, open, wanted)
      boards.push(...done.boards)
      heals.push(...done.heals)
    }
    return { ok: boards.every(({ status }) => status === 'ok'), boards, heals }
  } finally {
    client.close()
    await database.close()
  }
}

const wantedBoards = ({ boards }: Config, { boards: asked, per }: VerifyWish): ReadonlySet<string> => {
  const names = boards.map(({ name }) => name)
  const there = names.length === 0 ? 'the file has no boards' : `there are: ${names.join(', ')}`
  for (const name of asked) {
    if (names.includes(name)) continue
    const near = nearestName(name, names)
    throw new RanktideError(
      'CONFIG_INVALID',
      `ranktide verify: --board ${name}: no such board; ${near === undefined ? there : `did you mean ${near}?`}`,
    )
  }
  if (names.length === 0) throw new RanktideError('CONFIG_INVALID', 'ranktide verify: the file has no boards')
  const wanted = asked.length === 0 ? names : asked
  const whole = boards.filter(({ name, per: by }) => wanted.includes(name) && by === undefined)
  if (per !== undefined && whole.length > 0)
    throw new RanktideError(
      'CONFIG_INVALID',
      `ranktide verify: --per ${per}: ${whole.map(({ name }) => name).join(', ')} ${whole.length === 1 ? 'is' : 'are'} not split; name split boards with --board`,
    )
  return new Set(wanted)
}

interface OpenFeed extends VerifiedFeed {
  readonly name: string
  readonly specs: readonly BoardSpec[]
}

const openFeed = async (
  config: Config,
  database: WorkerDatabase,
  { client, prefix, wish }: Open,
  { name, topics, boards }: Feed,
): Promise<OpenFeed> => {
  const specs = await database.resolve(boards)
  const marker = await database.marker(specs)
  return {
    name,
    specs,
    // A row of its own: the owner's markers are left alone.
    base: database.base(`verify ${name}`, marker),
    witnessOf: (spec) => {
      const zset = boards.find((one) => one.name === spec.name)?.zset
      const split = spec.per === undefined ? undefined : spec.name
      return new FeedWitness({ client, prefix, feed: name, definition: definitionOf(spec, topics), zset, split })
    },
    registered: async (board) => (await readRegistry(client, splitKeys(prefix, board).registry)).keys(),
    limits: { timeout: wish.timeoutMs, overlap: config.database.refill.overlapMs },
  }
}

interface FeedResult {
  readonly boards: readonly BoardCheck[]
  readonly heals: readonly Heal[]
}

const verifyFeed = async (feed: OpenFeed, open: Open, wanted: readonly string[]): Promise<FeedResult> => {
  const boards = await checkBoards(feed, open.wish, wanted)
  const { per } = open.wish
  const repairable = boards.filter((one) => one.status !== 'ok' && (per === undefined || !isNoGroup(one)))
  const wrong = [...new Set(repairable.map(({ board }) => board))]
  if (!open.wish.heal || wrong.length === 0) return { boards, heals: [] }
  const refused = await askForHeal(feed, open, wrong)
  if (refused !== undefined) return { boards, heals: [refused] }
  const again = await checkUntilOk(feed, open.wish, wrong)
  const still = [...new Set(again.filter(({ status }) => status !== 'ok').map(({ board }) => board))]
  const heal: Heal = {
    feed: feed.name,
    boards: wrong,
    outcome: still.length === 0 ? 'healed' : 'not healed',
    detail:
      still.length === 0
        ? 'read anew by the owner, verified again: as the table'
        : `still not as the table: ${still.join(', ')}; look at the log of the owner and at ranktide status`,
  }
  return { boards: [...boards.filter(({ board }) => !wrong.includes(board)), ...again], heals: [heal] }
}

/** Boards that are looked at side by side: each waits most of the time. */
const boardsAtOnce = 4

const checkBoards = async (
  feed: OpenFeed,
  { per }: VerifyWish,
  names: readonly string[],
): Promise<readonly BoardCheck[]> => {
  const specs = feed.specs.filter(({ name }) => names.includes(name))
  const checks: BoardCheck[] = []
  for (let i = 0; i < specs.length; i += boardsAtOnce) {
    const together = specs.slice(i, i + boardsAtOnce).map((spec) => checkBoard(feed, spec, per))
    checks.push(...(await Promise.all(together)).flat())
  }
  return checks
}

/** Undefined: an owner has taken the request. */
const askForHeal = async (
  { name }: OpenFeed,
  { client, prefix }: Open,
  boards: readonly string[],
): Promise<Heal | undefined> => {
  const { lease } = await readFeed(client, prefix, name)
  if (lease === undefined)
    return {
      feed: name,
      boards,
      outcome: 'no owner',
      detail: 'nobody owns the feed, and only its owner writes boards: start `ranktide run`, which repairs them itself',
    }
  const requests = new HealRequests(client, prefix, name)
  await requests.ask(boards)
  const end = performance.now() + hearing
  while (await requests.pending()) {
    if (performance.now() > end)
      return {
        feed: name,
        boards,
        outcome: 'not heard',
        detail: `the owner (${instanceOf(lease.owner)}) has not taken the request within ${hearing / 1_000} s: does it hang, or is it of an older version? Stop it: the next owner takes the boards anew`,
      }
    await delay(200)
  }
  return undefined
}

const checkUntilOk = async (
  feed: OpenFeed,
  wish: VerifyWish,
  names: readonly string[],
): Promise<readonly BoardCheck[]> => {
  const end = performance.now() + wish.timeoutMs
  for (;;) {
    const checks = await checkBoards(feed, wish, names)
    if (checks.every(({ status }) => status === 'ok') || performance.now() > end) return checks
  }
}
