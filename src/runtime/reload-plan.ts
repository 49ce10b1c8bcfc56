/** What a new configuration changes, and whether that can be done while the process runs. Pure. */
import { isDeepStrictEqual as same } from 'node:util'
import type { BoardConfig, Config } from './config.js'
import { type Feed, feedsOf } from './feeds.js'

/** What the new configuration has no use for any more in Redis. */
export interface GoneBoard {
  readonly name: string
  readonly zset: string | undefined
  /** The boards that it was split into. */
  readonly groups: boolean
  /** Its own keys too. */
  readonly whole: boolean
  /** But for the sorted set, which is another board's now. */
  readonly zsetStays: boolean
}

export interface ChangedFeed {
  readonly feed: Feed
  readonly gone: readonly GoneBoard[]
}

/** One board, counter or setting that is another one now. */
export interface ConfigChange {
  /** `boards.likes`, `database.audit`. */
  readonly key: string
  readonly change: 'added' | 'removed' | 'changed'
  /** Of a board that is changed: which of its keys are. */
  readonly keys?: readonly string[]
}

/** Names of counters, and of the history: `counters.reads`, `history`. */
export interface CounterPlan {
  /** These begin (anew), as they are in the new configuration. */
  readonly changed: readonly string[]
  readonly removed: readonly string[]
}

export interface LivePlan {
  readonly kind: 'live'
  readonly changes: readonly ConfigChange[]
  /** Names of what stays as it is: `boards.likes`. */
  readonly unchanged: readonly string[]
  /** How the database is asked has changed: every feed begins anew with a connection of its own. */
  readonly database: boolean
  /** Feeds that begin anew in place, with their boards as they are to be now. */
  readonly changed: readonly ChangedFeed[]
  readonly added: readonly Feed[]
  /** With the boards that no other feed goes on with. */
  readonly removed: readonly ChangedFeed[]
  readonly counters: CounterPlan
}

/** Nothing is done: these keys can only be changed by a restart. */
export interface RestartPlan {
  readonly kind: 'restart'
  readonly keys: readonly string[]
}

export type ReloadPlan = LivePlan | RestartPlan

const differing = <T extends object>(path: string, was: T, is: T, keys: readonly (keyof T & string)[]) =>
  keys.filter((key) => !same(was[key], is[key])).map((key) => `${path}.${key}`)

/** How often boards are compared with their tables: by timers that each feed has of its own. */
const checksOf = ({ database: { auditMs: audit, verifyMs: verify } }: Config) => ({ audit, verify })

export const planReload = (was: Config, is: Config): ReloadPlan => {
  const keys = restartKeys(was, is)
  if (keys.length > 0) return { kind: 'restart', keys }
  const database = !same(was.database.refill, is.database.refill)
  const all = database || !same(checksOf(was), checksOf(is))
  const [former, feeds] = [feedsOf(was), feedsOf(is)]
  const formerOf = new Map(former.map((feed) => [feed.name, feed]))
  const names = new Set(feeds.map(({ name }) => name))
  const gone = (feed: Feed): readonly GoneBoard[] => feed.boards.flatMap((board) => goneOf(board, is.boards))
  return {
    kind: 'live',
    ...changesOf(was, is),
    database,
    changed: feeds.flatMap((feed) => {
      const before = formerOf.get(feed.name)
      if (before === undefined || (!all && sameFeed(before, feed))) return []
      return [{ feed, gone: gone(before) }]
    }),
    added: feeds.filter(({ name }) => !formerOf.has(name)),
    removed: former.filter(({ name }) => !names.has(name)).map((feed) => ({ feed, gone: gone(feed) })),
  }
}

/** Whatever is opened once for the process: servers, and names under which it is known there. */
const restartKeys = (was: Config, is: Config): readonly string[] => [
  ...differing('kafka', was.kafka, is.kafka, ['brokers', 'group', 'deadLetters', 'client']),
  ...differing('database', was.database, is.database, ['url', 'marker', 'timeZone']),
  ...(same(was.redis, is.redis) ? [] : ['redis']),
  ...differing('http', was.http, is.http, ['host', 'port']),
  ...(was.instance === is.instance && was.member === is.member ? [] : ['instance']),
  // A process that was started without boards, or to count nothing, has opened nothing for it; and the other way round.
  ...((was.boards.length === 0) === (is.boards.length === 0) ? [] : ['boards']),
  ...(counts(was) === counts(is) ? [] : ['counters']),
]

const counts = ({ counters, history }: Config): boolean => counters.length > 0 || history !== undefined

const changedNames = <T>(
  was: readonly (readonly [string, T])[],
  is: readonly (readonly [string, T])[],
): readonly { readonly name: string; readonly before: T | undefined; readonly after: T | undefined }[] => {
  const [before, after] = [new Map(was), new Map(is)]
  return [...new Set([...before.keys(), ...after.keys()])]
    .map((name) => ({ name, before: before.get(name), after: after.get(name) }))
    .filter((one) => !same(one.before, one.after))
}

const named = ({ boards, counters, history }: Config): readonly (readonly [string, object])[] => [
  ...boards.map((board) => [`boards.${board.name}`, board] as const),
  ...counters.map((counter) => [`counters.${counter.spec.name}`, counter] as const),
  ...(history === undefined ? [] : [['history', history] as const]),
]

const changesOf = (was: Config, is: Config): Pick<LivePlan, 'changes' | 'unchanged' | 'counters'> => {
  const found = changedNames(named(was), named(is))
  const parts = found.map(({ name: key, before, after }): ConfigChange => {
    if (before === undefined) return { key, change: 'added' }
    if (after === undefined) return { key, change: 'removed' }
    return { key, change: 'changed', ...(isBoard(key) ? { keys: keysBetween(before, after) } : {}) }
  })
  const settings = [
    ...differing('database', was.database, is.database, ['refill']),
    ...differing('database', checksOf(was), checksOf(is), ['audit', 'verify']),
    ...differing('http', was.http, is.http, ['adminToken']),
  ].map((key): ConfigChange => ({ key, change: 'changed' }))
  const touched = new Set(found.map(({ name }) => name))
  const unchanged = named(is).flatMap(([name]) => (touched.has(name) ? [] : [name]))
  const counting = found.filter(({ name }) => !isBoard(name))
  const counters = {
    changed: counting.flatMap(({ name, after }) => (after === undefined ? [] : [name])),
    removed: counting.flatMap(({ name, after }) => (after === undefined ? [name] : [])),
  }
  return { changes: [...parts, ...settings], unchanged, counters }
}

const isBoard = (name: string): boolean => name.startsWith('boards.')

/** Of a board, as the file names them. */
const keysBetween = (before: object, after: object): readonly string[] =>
  [...new Set([...Object.keys(before), ...Object.keys(after)])]
    .filter((key) => !same(Reflect.get(before, key), Reflect.get(after, key)))
    .map((key) => (key === 'topics' ? 'topic' : key))

/** The order of boards in the file means nothing. */
const sameFeed = (a: Feed, b: Feed): boolean => {
  const sorted = ({ boards }: Feed) => [...boards].sort((one, other) => (one.name < other.name ? -1 : 1))
  return same(sorted(a), sorted(b))
}

/** What of a board's keys nobody keeps any more. Keys that go by the same name again are kept. */
const goneOf = (
  { name, zset, per }: Pick<BoardConfig, 'name' | 'zset' | 'per'>,
  boards: readonly BoardConfig[],
): readonly GoneBoard[] => {
  const now = boards.find((board) => board.name === name)
  const whole = now === undefined || now.zset !== zset
  const groups = per !== undefined && now?.per === undefined
  const zsetStays = zset !== undefined && boards.some((board) => board.name !== name && board.zset === zset)
  return whole || groups ? [{ name, zset, groups, whole, zsetStays }] : []
}

/** What a later change has made of what was gone: boards that are there again are not gone. */
export const stillGone = (gone: readonly GoneBoard[], boards: readonly BoardConfig[]): readonly GoneBoard[] =>
  gone.flatMap(({ name, zset, groups, whole }) =>
    goneOf({ name, zset, per: groups ? '' : undefined }, boards).map((now) => ({
      ...now,
      whole: now.whole && whole,
      groups: now.groups && groups,
    })),
  )
