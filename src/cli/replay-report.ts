/** What a replay came to, as a person reads it, and as `--json` has it. */
import type { Entry } from '../core/board-content.js'
import type { BoardSpec } from '../core/board-spec.js'
import type { Positions } from '../core/positions.js'
import { exactScoreIn } from '../core/row-json.js'
import type { DiffRow, ReplayDiff } from '../replay/live-boards.js'
import type { ReplayedBoard } from '../replay/replay-result.js'
import type { ReplayReport } from '../replay/run-replay.js'
import { inWords } from './progress-bar.js'
import { textTable } from './text-table.js'

/** Lines of one table on the screen. */
const shown = 50

type Columns = Readonly<Record<string, unknown>>

/** What a foreign write has left in Redis may be no row. */
const columnsOf = ({ row }: Entry): Columns => {
  try {
    const parsed: unknown = JSON.parse(row)
    return typeof parsed === 'object' && parsed !== null ? { ...parsed } : {}
  } catch {
    return {}
  }
}

/** As readers get it: a number if it reads back as the same text. */
const scoreOf = (spec: BoardSpec, entry: Entry): number | string => {
  const exact = exactScoreIn(spec, entry.row) ?? entry.score
  return String(Number(exact)) === exact ? Number(exact) : exact
}

const cell = (value: unknown): string =>
  value === undefined
    ? '-'
    : value === null
      ? 'NULL'
      : typeof value === 'object'
        ? JSON.stringify(value)
        : String(value)

const rowJsonOf = (spec: BoardSpec, value: string | undefined, member: string, entry: Entry): Columns => {
  const { key: _, ...columns } = columnsOf(entry)
  return { ...(value === undefined ? {} : { per: value }), key: member, score: scoreOf(spec, entry), ...columns }
}

/** One object: `{messages, rows, refused, seconds, board: [{key, score, …}], diff: {enter, leave, change}, …}`. */
export const replayJson = ({ result, diff, written }: ReplayReport): string => {
  const { spec, boards, counts, status, from, positions } = result
  const diffRows = (rows: readonly DiffRow[]) =>
    rows.map(({ value, member, live, replayed }) => {
      const entry = replayed ?? live
      if (entry === undefined) return { key: member }
      const was = replayed === undefined || live === undefined ? {} : { was: rowJsonOf(spec, undefined, member, live) }
      return { ...rowJsonOf(spec, value, member, entry), ...was }
    })
  return `${JSON.stringify({
    ...counts,
    seconds: Math.round(counts.seconds * 1000) / 1000,
    board: boards.flatMap(({ value, entries }) => entries.map((entry) => rowJsonOf(spec, value, entry.member, entry))),
    diff: { enter: diffRows(diff.enter), leave: diffRows(diff.leave), change: diffRows(diff.change) },
    name: spec.name,
    ...status,
    from: Object.fromEntries(from),
    to: Object.fromEntries(positions),
    ...written,
  })}\n`
}

const count = (value: number): string => value.toLocaleString('en-US')

const countOf = (value: number, one: string): string => `${count(value)} ${value === 1 ? one : `${one}s`}`

/** What a table does not show. */
const moreText = (rest: number): string =>
  rest === 0 ? '' : `and ${countOf(rest, 'more row')}; --json has all of them\n`

/** The head of the column of groups, in tables of a split board. */
const perHeads = ({ per, table }: BoardSpec): readonly string[] =>
  per === undefined ? [] : [table.columns[per]?.name ?? 'group']

const rangeText = (from: Positions, to: Positions): string => {
  const all = [...to].map(([id, offset]) => `${id} ${from.get(id) ?? 0} to ${offset}`)
  return all.length > 12 ? `${all.slice(0, 12).join(', ')} and ${all.length - 12} more` : all.join(', ')
}

export const replayText = (report: ReplayReport): string => {
  const { result, diff, live, writtenText } = report
  const { spec, boards, counts, status, from, positions } = result
  const { messages, rows, refused, seconds } = counts
  const rate = seconds > 0 ? `, ${count(Math.round(messages / seconds))} a second` : ''
  const told = status.state === 'exact' ? 'exact' : `${status.state}: ${status.reason}`
  const groups = spec.per === undefined ? '' : ` in ${countOf(boards.length, 'group')}`
  const size = boards.reduce((sum, { entries }) => sum + entries.length, 0)
  return [
    `${countOf(messages, 'message')} (${countOf(rows, 'change')} of rows, ${count(refused)} refused) in ${inWords(seconds)}${rate}\n`,
    `offsets: ${positions.size === 0 ? 'none' : rangeText(from, positions)}\n`,
    `board ${spec.name}: ${countOf(size, 'row')}${groups}, ${told}\n\n`,
    boardTable(spec, boards),
    `\n${diffText(
      spec,
      diff,
      live.some(({ stored }) => stored.stored.meta !== undefined),
    )}`,
    writtenText === '' ? '' : `\n${writtenText}`,
  ].join('')
}

const boardTable = (spec: BoardSpec, boards: readonly ReplayedBoard[]): string => {
  const all = boards.flatMap(({ value, entries }) => entries.map((entry, i) => ({ value, entry, rank: i + 1 })))
  if (all.length === 0) return 'no row is ranked\n'
  const some = all.slice(0, shown)
  const names = [...new Set(some.flatMap(({ entry }) => Object.keys(columnsOf(entry))))]
  const perHead = perHeads(spec)
  const extra = names.filter((name) => name !== 'score' && !perHead.includes(name))
  const lines = some.map(({ value, entry, rank }) => {
    const columns = columnsOf(entry)
    const group = value === undefined ? [] : [value]
    return [
      ...group,
      String(rank),
      entry.member,
      cell(scoreOf(spec, entry)),
      ...extra.map((name) => cell(columns[name])),
    ]
  })
  return textTable([...perHead, 'rank', 'key', 'score', ...extra], lines) + moreText(all.length - some.length)
}

const diffText = (spec: BoardSpec, diff: ReplayDiff, exists: boolean): string => {
  const { enter, leave, change } = diff
  const all = [
    ...enter.map((row) => ['enters', row] as const),
    ...leave.map((row) => ['leaves', row] as const),
    ...change.map((row) => ['changes', row] as const),
  ]
  if (!exists) return `nobody has published the live board yet: ${countOf(enter.length, 'row')} would enter\n`
  if (all.length === 0) return 'the live board is the same\n'
  const counts = `${count(enter.length)} would enter, ${count(leave.length)} leave, ${count(change.length)} change`
  const lines = all
    .slice(0, shown)
    .map(([what, row]) => [
      ...(row.value === undefined ? [] : [row.value]),
      what,
      row.member,
      row.live === undefined ? '-' : cell(scoreOf(spec, row.live)),
      row.replayed === undefined ? '-' : cell(scoreOf(spec, row.replayed)),
      differing(row),
    ])
  const table = textTable([...perHeads(spec), '', 'key', 'live', 'replayed', 'columns'], lines)
  return `the live board differs: ${counts}\n\n${table}${moreText(all.length - lines.length)}`
}

/** Columns that are not the same, as `read_cnt 3 → 4`. */
const differing = ({ live, replayed }: DiffRow): string => {
  if (live === undefined || replayed === undefined) return ''
  const [old, now] = [columnsOf(live), columnsOf(replayed)]
  const names = [...new Set([...Object.keys(old), ...Object.keys(now)])]
  const changed = names.filter((name) => JSON.stringify(old[name]) !== JSON.stringify(now[name]))
  return changed.map((name) => `${name} ${cell(old[name])} → ${cell(now[name])}`).join(', ')
}
