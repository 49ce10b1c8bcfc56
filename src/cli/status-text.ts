/** What `ranktide status` prints of a configuration: tables, reasons, and what could not be asked. */
import { isLost, type Lag } from '../core/lag.js'
import type { BoardReport, CounterReport, LettersReport, Problem, Status } from '../operate/status.js'
import { textTable } from './text-table.js'

const unknown = '-'

/** `0.4 s`, `12 s`, `3 m 20 s`, `5 h 2 m`, `3 d 4 h`. */
export const secondsText = (seconds: number): string => {
  if (seconds < 9.95) return `${seconds.toFixed(1)} s`
  const whole = Math.round(seconds)
  if (whole < 100) return `${whole} s`
  const minutes = Math.floor(whole / 60)
  if (minutes < 100) return `${minutes} m ${whole % 60} s`
  const hours = Math.floor(minutes / 60)
  return hours < 48 ? `${hours} h ${minutes % 60} m` : `${Math.floor(hours / 24)} d ${hours % 24} h`
}

const orUnknown = <T>(value: T | null, text: (value: T) => string): string => (value === null ? unknown : text(value))

const lagText = (lag: Lag | null): string =>
  orUnknown(lag, ({ events, seconds }) =>
    events === 0 ? '0' : `${events}${seconds === null ? '' : ` (${secondsText(seconds)})`}`,
  )

export const statusText = (status: Status): string => {
  const parts = [
    boardsText(status.boards),
    feedsText(status),
    countersText(status.counters),
    partitionsText(status),
    lostText(status.counters),
    lettersText(status.deadLetters),
    problemsText(status.problems),
  ]
  return `${parts.filter((part) => part !== '').join('\n')}\n${conclusion(status)}\n`
}

const boardsText = (boards: readonly BoardReport[]): string => {
  if (boards.length === 0) return ''
  const heads = ['BOARD', 'STATE', 'AGE', 'ROWS', 'BOARDS', 'LAG', 'LAST READ', 'VERSION', 'EPOCH', 'OWNER', 'REASON']
  const rows = boards.map((board) => [
    board.name,
    board.state ?? unknown,
    orUnknown(board.ageSeconds, secondsText),
    orUnknown(board.rows, (rows) => (board.groups === null ? `${rows} of ${board.size}` : String(rows))),
    orUnknown(board.groups, groupsText),
    lagText(board.lag),
    orUnknown(board.lastRead, ({ cause, secondsAgo }) => `${cause} ${secondsText(secondsAgo)} ago`),
    orUnknown(board.version, String),
    orUnknown(board.epoch, String),
    board.owner ?? unknown,
    board.reason,
  ])
  return withoutEmpty(heads, rows, ['BOARDS', 'LAST READ', 'REASON'])
}

const groupsText = ({ count, notExact }: { readonly count: number; readonly notExact: number }): string =>
  notExact === 0 ? String(count) : `${count}, ${notExact} not exact`

const feedsText = ({ feeds, boards }: Status): string => {
  if (feeds.length === 0) return ''
  const rows = feeds.map(({ name, lease, confirmedSeconds, lag }) => [
    name,
    lease?.owner ?? (boards.some((board) => board.feed === name && board.state !== null) ? 'nobody' : unknown),
    orUnknown(lease, ({ seconds }) => secondsText(seconds)),
    orUnknown(confirmedSeconds, (seconds) => `${secondsText(seconds)} ago`),
    lagText(lag),
  ])
  return textTable(['FEED', 'LEASE', 'ENDS IN', 'CONFIRMED', 'LAG'], rows)
}

const countersText = (counters: readonly CounterReport[]): string => {
  if (counters.length === 0) return ''
  const rows = counters.map(({ name, group, partitions, lag }) => [
    name,
    group,
    orUnknown(partitions, ({ length }) => String(length)),
    lagText(lag),
  ])
  return textTable(['COUNTER', 'GROUP', 'PARTITIONS', 'LAG'], rows)
}

/** Of what is behind, partition by partition; `--json` has them all. */
const partitionsText = ({ feeds, counters }: Status): string => {
  const readers = [...feeds.map((feed) => ({ ...feed, name: `feed ${feed.name}` })), ...counters]
  const rows = readers.flatMap(({ name, partitions }) =>
    (partitions ?? [])
      .filter(({ next, end }) => next < end)
      .map(({ partition, next, end }) => [name, partition, String(next), String(end), String(end - next)]),
  )
  return rows.length === 0
    ? ''
    : textTable(['BEHIND', 'PARTITION', 'NEXT', 'END', 'LAG'], rows.slice(0, mostPartitions)) + more(rows.length)
}

const mostPartitions = 20

const more = (count: number): string =>
  count > mostPartitions ? `and ${count - mostPartitions} partitions more: --json has them all\n` : ''

const lostText = (counters: readonly CounterReport[]): string =>
  counters
    .flatMap(({ name, partitions }) => (partitions ?? []).filter(isLost).map((partition) => ({ name, ...partition })))
    .map(({ name, partition, next, first, end }) => {
      const there = `the topic has ${first} to ${end} of ${partition}`
      return `[-] ${name} is to read offset ${next}; ${there}: ranktide offsets show --${optionOf(name)}\n`
    })
    .join('')

/** `counters.reads` → `counter reads`, `history` as it is: options of `offsets show`. */
const optionOf = (name: string): string => name.replace(/^counters\./, 'counter ')

const lettersText = (letters: LettersReport | null): string => {
  if (letters === null || letters.unsettled === 0) return ''
  const { topic, unsettled, oldestSeconds, feeds } = letters
  const oldest = oldestSeconds === null ? '' : `, the oldest ${secondsText(oldestSeconds)} old`
  const of = Object.entries(feeds).map(([feed, { unsettled: open }]) => `${open} of ${feed}`)
  return `Dead letters to settle: ${unsettled} in ${topic}${oldest} (${of.join(', ')}): ranktide dead-letters list\n`
}

const problemsText = (problems: readonly Problem[]): string =>
  problems.map(({ what, code, detail }) => `[-] not known: ${what}: ${code}: ${detail}\n`).join('')

const conclusion = ({ well, boards, counters, problems }: Status): string => {
  if (well) return 'All is well.'
  const unwell = boards.filter(({ state }) => state === 'stale' || state === 'degraded').map(({ name }) => name)
  const split = boards.filter(({ name, groups }) => (groups?.notExact ?? 0) > 0 && !unwell.includes(name))
  const lost = counters.filter(({ partitions }) => partitions?.some(isLost)).map(({ name }) => name)
  const told = [
    ...(unwell.length === 0 ? [] : [`not of the present: ${unwell.join(', ')}`]),
    ...(split.length === 0 ? [] : [`not in all its boards: ${split.map(({ name }) => name).join(', ')}`]),
    ...(lost.length === 0 ? [] : [`events are gone before they were counted: ${lost.join(', ')}`]),
    ...(problems.length === 0 ? [] : ['not everything could be asked']),
  ]
  return `Not well: ${told.join('; ')}.`
}

/** The table without those columns that hold nothing. */
const withoutEmpty = (
  heads: readonly string[],
  rows: readonly (readonly string[])[],
  optional: readonly string[],
): string => {
  const shown = heads.flatMap((head, column) => {
    const empty = rows.every((row) => row[column] === '' || row[column] === unknown)
    return empty && optional.includes(head) ? [] : [column]
  })
  const pick = (row: readonly string[]) => shown.map((column) => row[column] ?? '')
  return textTable(pick(heads), rows.map(pick))
}
