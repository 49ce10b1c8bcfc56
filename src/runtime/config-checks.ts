/**
 * What no single key can tell: choices that exclude each other, names of boards, properties that ranktide sets itself.
 * Works on the unchecked tree, so that its findings are told together with those of the schema.
 */
import { checkCounters } from './config-counter-checks.js'
import { showPath, showValue } from './config-problem.js'
import { type Finding, isMapping, mappingAt, namePattern } from './config-tree.js'

/** librdkafka properties on which the promise "nothing lost" stands, and what to use instead. */
const reserved: Readonly<Record<string, string>> = {
  'bootstrap.servers': 'use kafka.brokers',
  'metadata.broker.list': 'use kafka.brokers',
  'group.id': 'use kafka.group',
  'group.instance.id': 'use instance',
  'enable.auto.commit': 'offsets are committed when their effect is in Redis',
  'enable.auto.offset.store': 'offsets are committed when their effect is in Redis',
  'auto.offset.reset': 'a board whose offsets are gone is rebuilt',
  'allow.auto.create.topics': 'a misspelt topic has to be said, not made',
  'enable.partition.eof': 'ends are asked of the broker',
  rebalance_cb: 'one replica reads all partitions of a feed',
}

const checkClient = (tree: unknown): Finding[] =>
  Object.keys(mappingAt(tree, 'kafka', 'client')).flatMap((name) => {
    const instead = Object.hasOwn(reserved, name) ? reserved[name] : undefined
    const path = ['kafka', 'client', name]
    return instead === undefined ? [] : [{ path, sentence: `${showPath(path)} is set by ranktide itself: ${instead}` }]
  })

const ways = ['url', 'sentinels', 'cluster'] as const
type Way = (typeof ways)[number]

/** Which other keys of `redis` go with which way to connect. */
const needsWay: Readonly<Record<string, readonly Way[]>> = {
  name: ['sentinels'],
  sentinelUsername: ['sentinels'],
  sentinelPassword: ['sentinels'],
  username: ['sentinels', 'cluster'],
  password: ['sentinels', 'cluster'],
  tls: ['sentinels', 'cluster'],
  db: ['sentinels'],
}

const checkRedis = (tree: unknown): Finding[] => {
  const root = mappingAt(tree)
  if (!isMapping(root.redis)) return []
  const redis = root.redis
  const chosen = ways.filter((way) => redis[way] !== undefined)
  const [way, other] = chosen
  if (way === undefined) {
    return [{ path: ['redis'], sentence: 'redis says no server; needed: one of url, sentinels with name, cluster' }]
  }
  if (other !== undefined) {
    const sentence = `redis.${other} stands beside redis.${way}; allowed: one of url, sentinels with name, cluster`
    return [{ path: ['redis', other], sentence }]
  }
  const findings: Finding[] = []
  for (const [key, allowedWith] of Object.entries(needsWay)) {
    if (redis[key] === undefined || allowedWith.includes(way)) continue
    const hint = way === 'url' ? ' (redis.url says it: rediss://user:password@host:port/db)' : ''
    const sentence = `redis.${key} goes with ${allowedWith.join(' or ')}, not with ${way}${hint}`
    findings.push({ path: ['redis', key], sentence })
  }
  if (way === 'sentinels' && redis.name === undefined) {
    const sentence = 'redis.name is missing; allowed: the name of the group of masters that the sentinels watch'
    findings.push({ path: ['redis'], sentence })
  }
  return findings
}

/** A file that asks for nothing; boards without what only they need. */
const checkParts = (tree: unknown): Finding[] => {
  const root = mappingAt(tree)
  if (!isMapping(tree)) return []
  const asked = ['boards', 'counters', 'history'].some((part) => root[part] !== undefined)
  if (!asked) {
    return [
      { path: ['boards'], sentence: 'boards is missing; needed: boards, counters or history, at least one of them' },
    ]
  }
  if (!isMapping(root.boards)) return []
  const findings: Finding[] = []
  if (root.redis === undefined) {
    const needed = 'needed by boards: a mapping with url, or sentinels and name, or cluster; and if need be prefix'
    findings.push({ path: ['redis'], sentence: `redis is missing; ${needed}` })
  }
  const { url } = mappingAt(tree, 'database')
  if (typeof url === 'string' && url.startsWith('postgres:')) {
    const path = ['database', 'url']
    const sentence = `${showPath(path)} is ${showValue(path, url)} and there are boards, which follow the binary log of MySQL or MariaDB; allowed: mysql://user:password@host:port/database, or the counters in a file without boards`
    findings.push({ path, sentence })
  }
  return findings
}

const checkBoardNames = (tree: unknown): Finding[] => {
  const root = mappingAt(tree)
  if (!isMapping(root.boards)) return []
  const names = Object.keys(root.boards)
  if (names.length === 0) return [{ path: ['boards'], sentence: 'boards is empty; needed: at least one board' }]
  return names
    .filter((name) => !namePattern.test(name))
    .map((name) => ({
      path: ['boards', name],
      sentence: `${showPath(['boards', name])} is not a board name; allowed: up to 100 letters, digits, ".", "_", "-", of which the first is a letter or digit`,
    }))
}

const checkTables = (tree: unknown): Finding[] => {
  const url = mappingAt(tree, 'database').url
  if (typeof url !== 'string' || !URL.canParse(url) || new URL(url).pathname.length > 1) return []
  return Object.keys(mappingAt(tree, 'boards')).flatMap((name) => {
    const table = mappingAt(tree, 'boards', name).table
    if (typeof table !== 'string' || table.includes('.')) return []
    const path = ['boards', name, 'table']
    const sentence = `${showPath(path)} is ${JSON.stringify(table)} and database.url names no database; allowed: database.table`
    return [{ path, sentence }]
  })
}

/** Two boards in one sorted set would take each other's members out. */
const checkZsets = (tree: unknown): Finding[] => {
  const taken = new Map<string, string>()
  return Object.keys(mappingAt(tree, 'boards')).flatMap((name) => {
    const { zset } = mappingAt(tree, 'boards', name)
    if (typeof zset !== 'string') return []
    const other = taken.get(zset)
    taken.set(zset, name)
    if (other === undefined) return []
    const path = ['boards', name, 'zset']
    const sentence = `${showPath(path)} is ${JSON.stringify(zset)}, as boards.${other}.zset is; allowed: a key of its own`
    return [{ path, sentence }]
  })
}

/** What goes with one way to have a board does not go with the other. */
const checkSplits = (tree: unknown): Finding[] =>
  Object.keys(mappingAt(tree, 'boards')).flatMap((name) => {
    const { per, zset, maxBoards } = mappingAt(tree, 'boards', name)
    const findings: Finding[] = []
    if (per !== undefined && zset !== undefined) {
      const path = ['boards', name, 'zset']
      const sentence = `${showPath(path)} stands beside per; allowed: one of the two, since each board of a split board has a sorted set of its own`
      findings.push({ path, sentence })
    }
    if (per === undefined && maxBoards !== undefined) {
      const path = ['boards', name, 'maxBoards']
      findings.push({ path, sentence: `${showPath(path)} goes with per, the column that splits the board` })
    }
    return findings
  })

export const checkAcrossKeys = (tree: unknown): readonly Finding[] => [
  ...checkClient(tree),
  ...checkParts(tree),
  ...checkRedis(tree),
  ...checkBoardNames(tree),
  ...checkTables(tree),
  ...checkZsets(tree),
  ...checkSplits(tree),
  ...checkCounters(tree),
]
