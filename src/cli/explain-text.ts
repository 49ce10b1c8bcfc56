/** What `ranktide explain` prints: what table, filter, score, stream and Redis say, and the conclusion. */
import type { FilterPart } from '../core/filter-result.js'
import type { Explanation, RedisReport, StandingReport, StreamReport } from '../operate/explanation-report.js'
import { secondsText } from './status-text.js'
import { printable } from './text-table.js'

export const explanationText = (explanation: Explanation): string => {
  const { board, per, member, key, notes, problems, conclusion } = explanation
  const named = key === null ? '' : ` (${fieldsText(key)})`
  const lines = [
    `Board     ${board}${per === null ? '' : ` of ${per}`}, member ${member}${named}`,
    ...tableLines(explanation),
    ...streamLines(explanation.stream),
    ...redisLines(explanation.redis),
    ...notes.map((note) => `Note      ${note}`),
    ...problems.map(({ what, code, detail }) => `[-] not known: ${what}: ${code}: ${detail}`),
    '',
    `${upperFirst(conclusion.sentence)}.`,
  ]
  return lines.map((line) => `${printable(line)}\n`).join('')
}

const upperFirst = (text: string): string => `${text.slice(0, 1).toUpperCase()}${text.slice(1)}`

const fieldsText = (row: Readonly<Record<string, string | null>>): string =>
  Object.entries(row)
    .map(([name, value]) => `${name}=${value ?? 'NULL'}`)
    .join(' ')

const tableLines = ({ table, filter, score, standing }: Explanation): readonly string[] => {
  if (table === null) return []
  if (table.row === null) return [`Table     ${table.name} has no such row`]
  return [
    `Table     ${table.name}: ${fieldsText(table.row)}`,
    ...(filter === null ? [] : filterLines(filter, 'Filter    ')),
    `Score     ${score ?? 'NULL'}`,
    ...(standing === null ? [] : [`Rank      ${standingText(standing)}`]),
  ]
}

const filterLines = (part: FilterPart, head: string): readonly string[] => [
  `${head}${part.text}: ${truth(part.value)}`,
  ...(part.value === true ? [] : part.parts.flatMap((inner) => filterLines(inner, `${' '.repeat(head.length)}  `))),
]

const truth = (value: boolean | null): string => (value === null ? 'NULL' : String(value))

const standingText = ({ rank, ties, last, needs }: StandingReport): string => {
  const place = last === null ? '' : `; the last place has ${last.score} (${last.member})`
  if (rank === null)
    return `below the last place${last === null ? '' : `, which has ${last.score} (${last.member})`}: lacks ${needs}`
  return `${rank}${ties === 0 ? '' : `, with ${ties} of the same score`}${place}`
}

const streamLines = (stream: StreamReport | null): readonly string[] => {
  if (stream === null) return []
  const { searched, since, change } = stream
  const where = since === null ? 'the whole topic' : `back to ${since}`
  if (change === null) return [`Stream    no message of it among ${searched}, ${where}; --scan searches further`]
  const { partition, offset, time, what, row, sameAsTable, applied } = change
  const image = what === 'truncate' ? 'the table was emptied' : row === null ? 'the row went' : fieldsText(row)
  const told = [
    ...(sameAsTable === null ? [] : [sameAsTable ? 'as the table has it' : 'not what the table has']),
    ...(applied === null ? [] : [applied ? 'applied' : 'not applied']),
  ]
  return [
    `Stream    ${partition} offset ${offset}${time === null ? '' : `, ${time}`}: ${told.join(', ')}`,
    ...(sameAsTable === true && row !== null ? [] : [`          ${image}`]),
  ]
}

const redisLines = (redis: RedisReport | null): readonly string[] => {
  if (redis === null) return []
  const { state, reason, ageSeconds, entry, rows, size, positions } = redis
  const age = ageSeconds === null ? '' : `, ${secondsText(ageSeconds)} old`
  const at = Object.entries(positions).map(([id, next]) => `${id}:${next}`)
  return [
    `Redis     ${entry === null ? 'does not hold it' : `rank ${entry.rank}, score ${entry.score}, row ${entry.row}`}`,
    `          the board is ${state}${reason === '' ? '' : ` (${reason})`}${age}, ${rows} of ${size} rows, as of ${at.join(' ')}`,
  ]
}
