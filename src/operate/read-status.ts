/**
 * How everything of a configuration stands, asked from outside: Redis, Kafka and, for counters, the database. No worker
 * is asked, so it does not matter where one runs, or whether one does.
 *
 * Nothing is written and no group is joined. What could not be asked becomes a problem and leaves out what it would have
 * told. Ends within some seconds, whatever the servers do.
 */
import { isWell } from '../core/board-content.js'
import { isLost } from '../core/lag.js'
import { RedisClient } from '../redis/client.js'
import type { FeedInRedis } from '../redis/feed-status.js'
import type { Config } from '../runtime/config.js'
import { type Feed, feedsOf } from '../runtime/feeds.js'
import type { KafkaLook } from '../sources/kafka-look.js'
import { type FoundBoard, type FoundFeed, findFeed } from './boards-in-redis.js'
import { counterReports } from './counters-in-database.js'
import { summariseDeadLetters } from './dead-letters.js'
import { type FoundLag, Lags } from './lag-in-kafka.js'
import { openKafka } from './open-servers.js'
import {
  type BoardReport,
  type CounterReport,
  type FeedReport,
  type LettersReport,
  type Problem,
  problemOf,
  type Status,
  type Tell,
} from './status.js'

/** One look; the next one begins when it is told. */
export type StatusReader = () => Promise<Status>

/** How long what was read of the dead letters is told again, ms: each reading reads all of their topic. */
const lettersLast = 30_000

export const statusReader = (config: Config): StatusReader => {
  let letters: { readonly report: LettersReport; readonly until: number } | undefined
  return async () => {
    const readLetters = async (tell: Tell): Promise<LettersReport | null> => {
      if (letters !== undefined && performance.now() < letters.until) return letters.report
      const report = await lettersReport(config, tell)
      if (report !== null) letters = { report, until: performance.now() + lettersLast }
      return report
    }
    return readStatus(config, readLetters)
  }
}

const lettersReport = async (config: Config, tell: Tell): Promise<LettersReport | null> => {
  const secondsSince = (at: number) => Math.max(0, Date.now() - at) / 1_000
  try {
    const { topic, unsettled, oldestAt, feeds } = await summariseDeadLetters(config)
    const byFeed = [...feeds].map(([feed, { unsettled: open, oldestAt: oldest }]) => {
      return [feed, { unsettled: open, oldestSeconds: secondsSince(oldest) }] as const
    })
    const oldestSeconds = oldestAt === undefined ? null : secondsSince(oldestAt)
    return { topic, unsettled, oldestSeconds, feeds: Object.fromEntries(byFeed) }
  } catch (error) {
    tell('kafka', 'dead letters', error)
    return null
  }
}

const readStatus = async (
  config: Config,
  readLetters: (tell: Tell) => Promise<LettersReport | null>,
): Promise<Status> => {
  const problems: Problem[] = []
  const tell: Tell = (server, what, error) => problems.push(problemOf(server, what, error))
  const [look, found] = await Promise.all([openKafka(config, 'lag', tell), findBoards(config, tell)])
  try {
    const feeds: FeedReport[] = []
    const boards: BoardReport[] = []
    for (const feed of feedsOf(config)) {
      const lags = await lagsOn(look, feed.topics, `feed ${feed.name}`, tell)
      const there = found.get(feed.name)
      feeds.push(await feedReport(feed, there, lags))
      for (const board of feed.boards) {
        const of = there?.boards.find(({ config: { name } }) => name === board.name)
        boards.push(
          of === undefined ? unknownBoard(feed.name, board) : await boardReport(feed.name, of, there?.feed, lags),
        )
      }
    }
    const lagsOf = (topics: readonly string[], what: string) => lagsOn(look, topics, what, tell)
    const counters = await counterReports(config, lagsOf, tell)
    const deadLetters = look === undefined ? null : await readLetters(tell)
    const inOrder = config.boards.flatMap(({ name }) => boards.filter((board) => board.name === name))
    const well = problems.length === 0 && boards.every(isBoardWell) && counters.every(isCounterWell)
    return { at: new Date().toISOString(), well, feeds, boards: inOrder, counters, deadLetters, problems }
  } finally {
    await look?.close()
  }
}

export const isBoardWell = ({ state, groups }: BoardReport): boolean =>
  state !== null && isWell({ state }) && (groups === null || groups.notExact === 0)

/** A counter stops where events are lost; a board is read from its table then. */
const isCounterWell = ({ partitions }: CounterReport): boolean => !(partitions ?? []).some(isLost)

/** By feed. */
const findBoards = async (config: Config, tell: Tell): Promise<ReadonlyMap<string, FoundFeed>> => {
  const found = new Map<string, FoundFeed>()
  if (config.redis === undefined) return found
  const client = new RedisClient(config.redis.connection)
  try {
    await client.connected()
    for (const feed of feedsOf(config)) found.set(feed.name, await findFeed(client, config.redis.prefix, feed))
  } catch (error) {
    tell('redis', 'boards', error)
  } finally {
    client.close()
  }
  return found
}

const lagsOn = async (
  look: KafkaLook | undefined,
  topics: readonly string[],
  what: string,
  tell: Tell,
): Promise<Lags | undefined> => {
  if (look === undefined) return undefined
  try {
    return await Lags.on(look, topics)
  } catch (error) {
    tell('kafka', `lag of ${what}`, error)
    return undefined
  }
}

const feedReport = async (
  { name, topics }: Feed,
  found: FoundFeed | undefined,
  lags: Lags | undefined,
): Promise<FeedReport> => {
  const { lease, heartbeat, now = 0 } = found?.feed ?? {}
  const lag = heartbeat === undefined ? undefined : await lags?.of(heartbeat.positions)
  return {
    name,
    topics,
    lease: lease === undefined ? null : { owner: lease.owner, seconds: lease.leftMs / 1_000 },
    confirmedSeconds: heartbeat === undefined ? null : Math.max(0, now - heartbeat.at) / 1_000,
    partitions: lag?.partitions ?? null,
    lag: lag?.lag ?? null,
  }
}

const boardReport = async (
  feed: string,
  found: FoundBoard,
  owner: FeedInRedis | undefined,
  lags: Lags | undefined,
): Promise<BoardReport> => {
  const { config, status, ageSeconds, positions, groups } = found
  const { stored, rows } = found.found
  const lag: FoundLag | undefined = positions === undefined ? undefined : await lags?.of(positions)
  return {
    name: config.name,
    feed,
    ...status,
    ageSeconds,
    version: stored.version ?? null,
    epoch: stored.epoch ?? null,
    owner: stored.owner ?? null,
    rows: groups?.rows ?? rows,
    size: config.size,
    groups: groups === undefined ? null : { count: groups.count, notExact: groups.notExact },
    lastRead: lastReadOf(config.name, owner),
    positions: positions === undefined ? null : Object.fromEntries(positions),
    lag: lag?.lag ?? null,
  }
}

const lastReadOf = (board: string, owner: FeedInRedis | undefined): BoardReport['lastRead'] => {
  const reading = owner?.heartbeat?.readings.get(board)
  if (owner === undefined || reading === undefined) return null
  const { cause, rows, at } = reading
  return { cause, rows, secondsAgo: Math.max(0, owner.now - at) / 1_000 }
}

const unknownBoard = (feed: string, { name, size }: FoundBoard['config']): BoardReport => ({
  name,
  feed,
  state: null,
  reason: 'Redis could not be asked',
  ageSeconds: null,
  version: null,
  epoch: null,
  owner: null,
  rows: null,
  size,
  groups: null,
  lastRead: null,
  positions: null,
  lag: null,
})
