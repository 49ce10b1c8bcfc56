/**
 * The commands on keys: those that ranktide's scripts and readers use, those that its tests look with, and no more.
 * An option that is not known is an error, never ignored.
 */

import { globMatches } from './glob.js'
import { CommandError, type Keyspace } from './keyspace.js'
import { ok, type Reply, Status } from './reply.js'
import { SortedSet } from './sorted-set.js'

export interface DataCommand {
  /** Fewest and most arguments. */
  readonly arity: readonly [number, number]
  readonly run: (keyspace: Keyspace, args: readonly string[]) => Reply
}

const many = Number.POSITIVE_INFINITY
const syntaxError = (): CommandError => new CommandError('ERR syntax error')

const wholeNumber = (text: string | undefined): number => {
  if (text === undefined || !/^-?\d{1,15}$/.test(text))
    throw new CommandError('ERR value is not an integer or out of range')
  return Number(text)
}

const scoreOf = (text: string): number => {
  const infinite = /^([+-]?)inf(inity)?$/i.exec(text)
  if (infinite !== null) return infinite[1] === '-' ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY
  if (text.trim() !== text || text === '' || Number.isNaN(Number(text)))
    throw new CommandError('ERR value is not a valid float')
  return Number(text)
}

const scoreText = (score: number): string => (Number.isFinite(score) ? String(score + 0) : score > 0 ? 'inf' : '-inf')

/** Pairs of a command's arguments from `from` on. */
const pairsOf = (name: string, args: readonly string[], from: number): readonly (readonly [string, string])[] => {
  const rest = args.slice(from)
  if (rest.length % 2 !== 0) throw new CommandError(`ERR wrong number of arguments for '${name}' command`)
  const pairs: (readonly [string, string])[] = []
  for (let i = 0; i < rest.length; i += 2) pairs.push([rest[i] ?? '', rest[i + 1] ?? ''])
  return pairs
}

const typeOf = (keyspace: Keyspace, key: string): string => {
  const value = keyspace.get(key)
  if (value === undefined) return 'none'
  return typeof value === 'string' ? 'string' : value instanceof Map ? 'hash' : 'zset'
}

/** SET key value [PX ms] [NX] */
const set = (keyspace: Keyspace, [key = '', value = '', ...options]: readonly string[]): Reply => {
  let end: number | undefined
  for (let i = 0; i < options.length; i++) {
    const option = options[i]?.toUpperCase()
    if (option === 'NX') {
      if (keyspace.get(key) !== undefined) return null
    } else if (option === 'PX') {
      i += 1
      end = keyspace.now() + wholeNumber(options[i])
    } else throw syntaxError()
  }
  keyspace.set(key, value)
  if (end !== undefined) keyspace.endAt(key, end)
  return ok
}

const pttl = (keyspace: Keyspace, [key = '']: readonly string[]): Reply => {
  if (keyspace.get(key) === undefined) return -2
  const end = keyspace.endOf(key)
  return end === undefined ? -1 : end - keyspace.now()
}

const time = (keyspace: Keyspace): Reply => {
  const now = keyspace.now()
  return [String(Math.floor(now / 1000)), String((now % 1000) * 1000)]
}

const hset = (keyspace: Keyspace, args: readonly string[]): Reply => {
  const [key = ''] = args
  const fields = pairsOf('hset', args, 1)
  const hash = keyspace.hash(key) ?? new Map<string, string>()
  const before = hash.size
  if (before === 0) keyspace.set(key, hash)
  for (const [field, value] of fields) hash.set(field, value)
  return hash.size - before
}

const hdel = (keyspace: Keyspace, [key = '', ...fields]: readonly string[]): Reply => {
  const hash = keyspace.hash(key)
  if (hash === undefined) return 0
  const gone = fields.filter((field) => hash.delete(field)).length
  keyspace.deleteIfEmpty(key, hash)
  return gone
}

const flatHash = (keyspace: Keyspace, key: string): readonly string[] => [...(keyspace.hash(key) ?? [])].flat()

/** HSCAN key cursor [COUNT n]: everything at once, which the protocol allows. */
const hscan = (keyspace: Keyspace, [key = '', cursor, option, count]: readonly string[]): Reply => {
  if (option !== undefined && (option.toUpperCase() !== 'COUNT' || wholeNumber(count) < 1)) throw syntaxError()
  return ['0', wholeNumber(cursor) === 0 ? flatHash(keyspace, key) : []]
}

const zadd = (keyspace: Keyspace, args: readonly string[]): Reply => {
  const [key = ''] = args
  const members = pairsOf('zadd', args, 1).map(([score, member]) => [scoreOf(score), member] as const)
  const zset = keyspace.sortedSet(key) ?? new SortedSet()
  if (zset.size === 0) keyspace.set(key, zset)
  return members.filter(([score, member]) => zset.set(member, score)).length
}

const zrem = (keyspace: Keyspace, [key = '', ...members]: readonly string[]): Reply => {
  const zset = keyspace.sortedSet(key)
  if (zset === undefined) return 0
  const gone = members.filter((member) => zset.delete(member)).length
  keyspace.deleteIfEmpty(key, zset)
  return gone
}

/** ZRANGE key first last [REV] [WITHSCORES], by rank */
const zrange = (keyspace: Keyspace, [key = '', first, last, ...options]: readonly string[]): Reply => {
  const wanted = new Set(options.map((option) => option.toUpperCase()))
  const withScores = wanted.delete('WITHSCORES')
  const reversed = wanted.delete('REV')
  if (wanted.size > 0) throw syntaxError()
  const all = keyspace.sortedSet(key)?.inOrder() ?? []
  const ordered = reversed ? all.toReversed() : all
  const [from, to] = [wholeNumber(first), wholeNumber(last)].map((rank) => (rank < 0 ? ordered.length + rank : rank))
  const range = ordered.slice(Math.max(0, from ?? 0), (to ?? 0) + 1)
  return range.flatMap(([member, score]) => (withScores ? [member, scoreText(score)] : [member]))
}

const zscore = (keyspace: Keyspace, [key = '', member = '']: readonly string[]): Reply => {
  const score = keyspace.sortedSet(key)?.get(member)
  return score === undefined ? null : scoreText(score)
}

const pexpire = (keyspace: Keyspace, [key = '', ms]: readonly string[]): Reply => {
  if (keyspace.get(key) === undefined) return 0
  keyspace.endAt(key, keyspace.now() + wholeNumber(ms))
  return 1
}

const flush = (keyspace: Keyspace): Reply => {
  keyspace.clear()
  return ok
}

export const dataCommands: Readonly<Record<string, DataCommand>> = {
  DEL: { arity: [1, many], run: (keyspace, keys) => keys.filter((key) => keyspace.delete(key)).length },
  EXISTS: { arity: [1, many], run: (keyspace, keys) => keys.filter((key) => keyspace.get(key) !== undefined).length },
  FLUSHALL: { arity: [0, 1], run: flush },
  FLUSHDB: { arity: [0, 1], run: flush },
  GET: { arity: [1, 1], run: (keyspace, [key = '']) => keyspace.string(key) ?? null },
  HDEL: { arity: [2, many], run: hdel },
  HGET: { arity: [2, 2], run: (keyspace, [key = '', field = '']) => keyspace.hash(key)?.get(field) ?? null },
  HGETALL: { arity: [1, 1], run: (keyspace, [key = '']) => flatHash(keyspace, key) },
  HLEN: { arity: [1, 1], run: (keyspace, [key = '']) => keyspace.hash(key)?.size ?? 0 },
  HMGET: {
    arity: [2, many],
    run: (keyspace, [key = '', ...fields]) => {
      const hash = keyspace.hash(key)
      return fields.map((field) => hash?.get(field) ?? null)
    },
  },
  HSCAN: { arity: [2, 4], run: hscan },
  HSET: { arity: [3, many], run: hset },
  KEYS: { arity: [1, 1], run: (keyspace, [glob = '']) => keyspace.keys().filter((key) => globMatches(glob, key)) },
  PEXPIRE: { arity: [2, 2], run: pexpire },
  PTTL: { arity: [1, 1], run: pttl },
  SET: { arity: [2, 5], run: set },
  TIME: { arity: [0, 0], run: time },
  TYPE: { arity: [1, 1], run: (keyspace, [key = '']) => new Status(typeOf(keyspace, key)) },
  ZADD: { arity: [3, many], run: zadd },
  ZCARD: { arity: [1, 1], run: (keyspace, [key = '']) => keyspace.sortedSet(key)?.size ?? 0 },
  ZRANGE: { arity: [3, 5], run: zrange },
  ZREM: { arity: [2, many], run: zrem },
  ZSCORE: { arity: [2, 2], run: zscore },
}
