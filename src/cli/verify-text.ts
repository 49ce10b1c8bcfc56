/** The result of `ranktide verify` for people: a line a board, the differences of each, what came of repairs. */
import type { BoardCheck, DifferenceCheck, Heal, VerifyResult } from '../operate/verify-result.js'
import { printable, textTable } from './text-table.js'

/** Groups that are not ok, and differences of one board, that are shown. */
const mostGroups = 50
const mostDifferences = 20
/** Characters of a value, and digits of a digest, that are shown: `--json` has the rest. */
const mostCharacters = 60
const digits = 12

export const verifyText = ({ boards, heals }: VerifyResult): string => {
  const shown = shownChecks(boards)
  const heads = ['board', 'status', 'state', 'members', 'differences', 'digest']
  const parts = [
    textTable(heads, [...shown.rows.map(lineOf), ...shown.wholes.map(wholeLine)]),
    ...[shown.rows.flatMap(sentencesOf).join('\n')].filter((text) => text !== ''),
    ...shown.rows.filter(({ differences }) => differences.length > 0).map(differencesText),
    ...(shown.left > 0 ? [`${shown.left} more that are not ok: --json lists them all`] : []),
    ...heals.map(healText),
  ]
  return `${parts.map((part) => part.trimEnd()).join('\n\n')}\n`
}

interface Whole {
  readonly board: string
  readonly groups: number
  readonly ok: number
  readonly members: number
}

interface Shown {
  readonly rows: readonly BoardCheck[]
  /** Split boards of which more than one group was looked at. */
  readonly wholes: readonly Whole[]
  readonly left: number
}

const shownChecks = (boards: readonly BoardCheck[]): Shown => {
  const wholes = [...new Set(boards.filter(({ per }) => per !== null).map(({ board }) => board))]
    .map((board) => ({ board, groups: boards.filter((one) => one.board === board) }))
    .filter(({ groups }) => groups.length > 1)
  const folded = new Set(wholes.map(({ board }) => board))
  const wrong = boards.filter(({ board, status }) => folded.has(board) && status !== 'ok')
  const told = new Set(wrong.slice(0, mostGroups))
  const rows = boards.filter((one) => !folded.has(one.board) || told.has(one))
  return { rows, wholes: wholes.map(wholeOf), left: Math.max(0, wrong.length - mostGroups) }
}

const wholeOf = ({ board, groups }: { board: string; groups: readonly BoardCheck[] }): Whole => ({
  board,
  groups: groups.length,
  ok: groups.filter(({ status }) => status === 'ok').length,
  members: groups.reduce((sum, { members }) => sum + members, 0),
})

const nameOf = ({ board, per }: BoardCheck): string => (per === null ? board : `${board} per ${printable(per)}`)

const lineOf = (check: BoardCheck): readonly string[] => {
  const { redis, table } = check.digest
  const digest = redis === table ? redis.slice(0, digits) : `${redis.slice(0, digits)} / ${table.slice(0, digits)}`
  return [
    nameOf(check),
    check.status,
    check.state ?? '-',
    String(check.members),
    String(check.differences.length),
    digest,
  ]
}

const wholeLine = ({ board, groups, ok, members }: Whole): readonly string[] => {
  const status = ok === groups ? 'ok' : `${groups - ok} not ok`
  return [`${board}, all ${groups} groups`, status, '', String(members), '', '']
}

const sentencesOf = (check: BoardCheck): readonly string[] => {
  const { status, reason, moving } = check
  if (status === 'stale' || status === 'not there') return [`${nameOf(check)} is ${status}: ${reason}`]
  if (moving === 0) return []
  return [`${nameOf(check)}: ${moving} values moved at every look, on both sides; nothing is proven of them`]
}

const differencesText = (check: BoardCheck): string => {
  const { differences, status } = check
  const title = status === 'stale' ? 'as it stands, against the table of now' : 'differs from its table'
  const rows = differences.slice(0, mostDifferences).map(differenceLine)
  const left = differences.length - rows.length
  const more = left > 0 ? [`${left} more: --json lists them all`] : []
  return [
    `${nameOf(check)} ${title}:`,
    textTable(['member', 'what', 'in Redis', 'in the table'], rows).trimEnd(),
    ...more,
  ].join('\n')
}

const differenceLine = ({ member, what, redis, table }: DifferenceCheck): readonly string[] => [
  member,
  what,
  cut(redis ?? '-'),
  cut(table ?? '-'),
]

const cut = (text: string): string => {
  const characters = [...text]
  return characters.length <= mostCharacters ? text : `${characters.slice(0, mostCharacters - 1).join('')}…`
}

const healText = ({ boards, outcome, detail }: Heal): string => `heal of ${boards.join(', ')}: ${outcome}: ${detail}`
