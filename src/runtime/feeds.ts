/** Which boards share a feed: those that share a topic, directly or through other boards. */
import { createHash } from 'node:crypto'
import type { BoardConfig, Config } from './config.js'

export interface Feed {
  /** The same for the same topics, whatever the boards are called. Safe in keys, metrics and logs. */
  readonly name: string
  /** Sorted. */
  readonly topics: readonly string[]
  /** In the order of the configuration. */
  readonly boards: readonly BoardConfig[]
}

const longestName = 100

const feedName = (topics: readonly string[]): string => {
  const joined = topics.join('+')
  if (joined.length <= longestName) return joined
  const digest = createHash('sha256').update(joined).digest('hex').slice(0, 12)
  return `${joined.slice(0, longestName - digest.length - 1)}+${digest}`
}

/** Every topic and every board is in exactly one feed; feeds are sorted by name. */
export const feedsOf = ({ boards }: Pick<Config, 'boards'>): readonly Feed[] => {
  const topicsOfFeed = new Map<string, Set<string>>()
  for (const board of boards) {
    const merged = new Set(board.topics)
    for (const topic of board.topics) for (const other of topicsOfFeed.get(topic) ?? []) merged.add(other)
    for (const topic of merged) topicsOfFeed.set(topic, merged)
  }
  return [...new Set(topicsOfFeed.values())]
    .map((set) => {
      const topics = [...set].sort()
      const members = boards.filter((board) => board.topics.some((topic) => set.has(topic)))
      return { name: feedName(topics), topics, boards: members }
    })
    .sort((a, b) => (a.name < b.name ? -1 : 1))
}
