/** What setting offsets would come to, in words and numbers. Pure. */
import type { Positions } from '../core/positions.js'
import type { OffsetPipeline } from './offset-pipelines.js'
import type { PartitionOffsets, PipelineOffsets } from './offset-report.js'

/** As `--json` prints it. */
export interface PipelinePlan {
  readonly name: string
  readonly kind: PipelineOffsets['kind']
  readonly group: string
  readonly active: boolean | null
  readonly activity: string
  /**
   * `none`: nothing changes. `set`: the offsets that count are set. Of a board: `back`: the next start reads from there
   * again; `fill`: the next start reads the board from its table.
   */
  readonly action: 'none' | 'set' | 'back' | 'fill'
  readonly moves: readonly OffsetMovePlan[]
  /** Offsets that are read again, and that are passed over: at most so many events, fewer where records were compacted. */
  readonly again: number
  readonly skipped: number
  /** What it means, a sentence each. */
  readonly effects: readonly string[]
}

export interface OffsetMovePlan {
  readonly partition: string
  /** Null: nothing is stored. */
  readonly from: number | null
  readonly to: number
  readonly first: number
  readonly end: number
}

/** `targets`: a partition that it does not name stays where it is. */
export const planOf = (pipeline: OffsetPipeline, offsets: PipelineOffsets, targets: Positions): PipelinePlan => {
  const moves = offsets.partitions.flatMap((row) => moveOf(row, targets.get(row.partition)))
  const { name, kind, group, active, activity } = offsets
  const plan = { name, kind, group, active, activity, moves }
  const isChange = moves.some(({ from, to }) => from !== to)
  const { again, skipped } = countMoves(pipeline, offsets, moves)
  if (pipeline.kind === 'board' && offsets.partitions.every(({ position }) => position === null))
    return { ...plan, action: 'none', again: 0, skipped: 0, effects: [nothingToGoOnFrom(offsets.state)] }
  if (!isChange)
    return { ...plan, action: 'none', again: 0, skipped: 0, effects: ['stands there already: nothing changes'] }
  if (pipeline.kind !== 'board') {
    const effects = pipeline.kind === 'counter' ? countingEffects(again, skipped) : historyEffects(again, skipped)
    return { ...plan, action: 'set', again, skipped, effects: [...beginnings(pipeline.start, moves), ...effects] }
  }
  const effects = boardEffects(
    pipeline.feed.boards.map((board) => board.name),
    pipeline.board.name,
    { again, skipped },
  )
  return { ...plan, action: skipped > 0 ? 'fill' : 'back', again, skipped, effects }
}

const moveOf = (
  { partition, next, first, end }: PartitionOffsets,
  to: number | undefined,
): readonly OffsetMovePlan[] => (to === undefined ? [] : [{ partition, from: next, to, first, end }])

/** Against what was read: of a board that is read again already, what lies before its content skips nothing. */
const countMoves = (
  { kind }: OffsetPipeline,
  { partitions }: PipelineOffsets,
  moves: readonly OffsetMovePlan[],
): { readonly again: number; readonly skipped: number } => {
  let again = 0
  let skipped = 0
  for (const { partition, from, to } of moves) {
    const at = kind === 'board' ? (partitions.find((row) => row.partition === partition)?.position ?? null) : from
    if (at === null) continue
    again += Math.max(0, at - to)
    skipped += Math.max(0, to - at)
  }
  return { again, skipped }
}

const beginnings = (start: 'beginning' | 'end', moves: readonly OffsetMovePlan[]): readonly string[] => {
  const unknown = moves.filter(({ from }) => from === null).map(({ partition }) => partition)
  if (unknown.length === 0) return []
  return [`no offset is stored for ${unknown.join(', ')}: they begin there, and not at the ${start} as start says`]
}

const offsetsText = (count: number): string => (count === 1 ? '1 offset' : `${count} offsets`)

const countingEffects = (again: number, skipped: number): readonly string[] => [
  ...(again > 0
    ? [`counts the events of ${offsetsText(again)} AGAIN: they were counted before, and stay counted`]
    : []),
  ...(skipped > 0 ? [`NEVER counts the events of ${offsetsText(skipped)}`] : []),
]

const historyEffects = (again: number, skipped: number): readonly string[] => [
  ...(again > 0
    ? [`reads ${offsetsText(again)} again: that changes no read that is there, and brings back those that were erased`]
    : []),
  ...(skipped > 0 ? [`never keeps the reads of ${offsetsText(skipped)}`] : []),
]

const nothingToGoOnFrom = (state: string | null): string =>
  `has nothing to go on from (${state ?? 'not in Redis'}): the next start fills it from its table, whatever offsets are set`

const boardEffects = (
  boards: readonly string[],
  board: string,
  { again, skipped }: { readonly again: number; readonly skipped: number },
): readonly string[] => {
  const others = boards.filter((name) => name !== board)
  if (skipped > 0)
    return [
      `${offsetsText(skipped)} may not be skipped by a board that is to stay exact: it is degraded until the next start has read it from its table`,
      'that start reads the feed from 5 min before it, or from where its other boards stand, not from the offsets named here',
    ]
  if (again === 0) return ['is no longer read again: the next start goes on from where the board stands']
  return [
    `the next start reads ${offsetsText(again)} again; row images are absolute, so the board stays what it is, and shows nothing new (stale: catching up) until it has come up to where it stood`,
    ...(others.length === 0 ? [] : [`it reads them for all boards of the feed, so for ${others.join(', ')} as well`]),
  ]
}
