/** What no single key can tell of counters and the history: groups, columns, windows, and which database they need. */
import { counterGroup, historyGroup } from './config-counter-resolve.js'
import { type ConfigPath, showPath, showValue } from './config-problem.js'
import { columnPattern } from './config-rules.js'
import { databaseOfUrl, type Finding, isMapping, mappingAt, namePattern } from './config-tree.js'

/** Every counter and the history, by its place in the file. */
const readers = (tree: unknown): readonly ConfigPath[] => [
  ...Object.keys(mappingAt(tree, 'counters')).map((name) => ['counters', name]),
  ...(isMapping(mappingAt(tree).history) ? [['history']] : []),
]

const checkCounterNames = (tree: unknown): Finding[] => {
  const root = mappingAt(tree)
  if (!isMapping(root.counters)) return []
  const names = Object.keys(root.counters)
  if (names.length === 0) return [{ path: ['counters'], sentence: 'counters is empty; needed: at least one counter' }]
  return names
    .filter((name) => !namePattern.test(name) || name.length > longestName)
    .map((name) => ({
      path: ['counters', name],
      sentence: `${showPath(['counters', name])} is not a counter name; allowed: up to ${longestName} letters, digits, ".", "_", "-", of which the first is a letter or digit`,
    }))
}

/** What the column count_buckets.counter holds. */
const longestName = 64

/** As for a group that the file names. */
const longestGroup = 200

/** Two pipelines in one group would share its partitions, and each would count a part. */
const checkGroups = (tree: unknown): Finding[] => {
  const { group: written } = mappingAt(tree, 'kafka')
  const kafkaGroup = typeof written === 'string' ? written : 'ranktide'
  const taken = new Map([[kafkaGroup, 'kafka.group']])
  return readers(tree).flatMap((reader) => {
    const path = [...reader, 'group']
    const given = mappingAt(tree, ...reader.map(String)).group
    const name = String(reader[1])
    const group = given ?? (reader[0] === 'history' ? historyGroup(kafkaGroup) : counterGroup(kafkaGroup, name))
    if (typeof group !== 'string') return []
    if (given === undefined && group.length > longestGroup) {
      const sentence = `${showPath(path)} is missing, and the one made of kafka.group and the name has ${group.length} characters; allowed: one with up to ${longestGroup}`
      return [{ path, sentence }]
    }
    const other = taken.get(group)
    taken.set(group, showPath(path))
    if (other === undefined) return []
    return [
      { path, sentence: `${showPath(path)} is ${JSON.stringify(group)}, as ${other} is; allowed: a group of its own` },
    ]
  })
}

const checkColumns = (tree: unknown): Finding[] =>
  Object.keys(mappingAt(tree, 'counters')).flatMap((name) => {
    const { key: written, add } = mappingAt(tree, 'counters', name)
    const key: readonly unknown[] = Array.isArray(written) ? written : ['biz', 'biz_id']
    const findings: Finding[] = []
    if (key.length === 2 && key[0] === key[1] && typeof key[0] === 'string') {
      const path = ['counters', name, 'key']
      findings.push({
        path,
        sentence: `${showPath(path)} is ${showValue(path, key)}; allowed: two different columns, that of biz and that of biz_id`,
      })
    }
    if (!isMapping(add)) return findings
    const path = ['counters', name, 'add']
    const columns = Object.keys(add)
    if (columns.length === 0) {
      findings.push({ path, sentence: `${showPath(path)} is empty; needed: at least one column, such as read_cnt: 1` })
    }
    for (const column of columns) {
      const at = showPath([...path, column])
      if (!columnPattern.test(column)) {
        findings.push({ path: [...path, column], sentence: `${at} is not a column name` })
      } else if (key.includes(column)) {
        findings.push({
          path: [...path, column],
          sentence: `${at} is a column of the key; allowed: columns that count`,
        })
      }
    }
    return findings
  })

const checkWindows = (tree: unknown): Finding[] =>
  readers(tree).flatMap((reader) => {
    const { events = 1000, most } = mappingAt(tree, ...reader.map(String), 'window')
    if (typeof events !== 'number' || typeof most !== 'number' || most >= events) return []
    const path = [...reader, 'window', 'most']
    return [
      {
        path,
        sentence: `${showPath(path)} is ${most}; allowed: a whole number from ${events}, which is window.events, to 50000`,
      },
    ]
  })

/** The offsets of consumers are kept in the database that the URL names. */
const checkDatabase = (tree: unknown): Finding[] => {
  const { url } = mappingAt(tree, 'database')
  if (typeof url !== 'string' || !url.startsWith('mysql:') || !URL.canParse(url)) return []
  if (readers(tree).length === 0 || databaseOfUrl(url) !== undefined) return []
  const path = ['database', 'url']
  const sentence = `${showPath(path)} names no database; needed: mysql://user:password@host:port/database, in which counters keep their offsets`
  return [{ path, sentence }]
}

export const checkCounters = (tree: unknown): readonly Finding[] => [
  ...checkCounterNames(tree),
  ...checkGroups(tree),
  ...checkColumns(tree),
  ...checkWindows(tree),
  ...checkDatabase(tree),
]
