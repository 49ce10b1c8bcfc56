/** What of a configuration reads topics from offsets of its own, and what of it a command line names. */
import { RanktideError } from '../core/errors.js'
import { nearestName } from '../core/nearest-name.js'
import type { BoardConfig, Config } from '../runtime/config.js'
import { type Feed, feedsOf } from '../runtime/feeds.js'

interface Reading {
  /** `boards.NAME`, `counters.NAME` or `history`, as in the configuration. */
  readonly name: string
  readonly group: string
  /** Of a board: all of its feed's, since its position is one of the feed. */
  readonly topics: readonly string[]
}

export interface BoardPipeline extends Reading {
  readonly kind: 'board'
  readonly board: BoardConfig
  readonly feed: Feed
}

export interface CountingPipeline extends Reading {
  readonly kind: 'counter' | 'history'
  /** Where a partition is begun of which no offset is stored. */
  readonly start: 'beginning' | 'end'
}

export type OffsetPipeline = BoardPipeline | CountingPipeline

/** At most one of them; none: everything. */
export interface PipelineChoice {
  readonly group?: string
  readonly board?: string
  readonly counter?: string
  readonly history?: boolean
}

/** In the order of the file: boards, counters, the history. */
export const pipelinesOf = (config: Config): readonly OffsetPipeline[] => [
  ...feedsOf(config).flatMap((feed) =>
    feed.boards.map((board): OffsetPipeline => {
      const { group } = config.kafka
      return { kind: 'board', name: `boards.${board.name}`, group, topics: feed.topics, board, feed }
    }),
  ),
  ...config.counters.map(({ spec, group, topics, start }): OffsetPipeline => {
    return { kind: 'counter', name: `counters.${spec.name}`, group, topics, start }
  }),
  ...(config.history === undefined
    ? []
    : [
        {
          kind: 'history',
          name: 'history',
          group: config.history.group,
          topics: config.history.topics,
          start: config.history.start,
        } as const,
      ]),
]

/** CONFIG_INVALID, with what there is, for a name that the configuration does not have. */
export const chosenPipelines = (config: Config, choice: PipelineChoice): readonly OffsetPipeline[] => {
  const all = pipelinesOf(config)
  const { group, board, counter, history } = choice
  const named = (kind: 'boards' | 'counters', name: string): readonly OffsetPipeline[] => {
    const found = all.filter((one) => one.name === `${kind}.${name}`)
    if (found.length > 0) return found
    const names = all.flatMap((one) => (one.name.startsWith(`${kind}.`) ? [one.name.slice(kind.length + 1)] : []))
    throw unknown(config, `--${kind.slice(0, -1)} ${name}`, name, names, kind)
  }
  if (board !== undefined) return named('boards', board)
  if (counter !== undefined) return named('counters', counter)
  if (history === true) {
    const found = all.filter(({ kind }) => kind === 'history')
    if (found.length === 0) throw new RanktideError('CONFIG_INVALID', `--history: ${config.file} has no history`)
    return found
  }
  if (group === undefined) return all
  const found = all.filter((one) => one.group === group)
  const groups = [...new Set(all.map((one) => one.group))]
  if (found.length === 0) throw unknown(config, `--group ${group}`, group, groups, 'groups')
  return found
}

const unknown = (
  { file }: Config,
  option: string,
  name: string,
  names: readonly string[],
  kind: string,
): RanktideError => {
  const near = nearestName(name, names)
  const hint = near === undefined ? '' : `; did you mean ${near}?`
  const there = names.length === 0 ? `it has no ${kind}` : `its ${kind}: ${names.join(', ')}`
  return new RanktideError('CONFIG_INVALID', `${option} is not in ${file}${hint === '' ? ';' : hint} ${there}`)
}
