/** The boards, side by side, as lines of text: 80 columns and 23 lines at most. Pure. */
import type { CountColumn } from './articles.js'
import type { Article, BoardAnswer } from './board-client.js'
import type { Movement } from './ranks.js'

/** One board, and what it ranks by. */
export interface Panel {
  /** What is counted, as the head of its column: `likes`. */
  readonly counted: string
  readonly column: CountColumn
  readonly url: string
  /** Undefined: nothing could be read. */
  readonly board: BoardAnswer | undefined
  readonly movementOf: (id: number) => Movement
}

export interface Scene {
  readonly title: string
  readonly panels: readonly Panel[]
  /** Seconds of traffic, and changes and reads in them. */
  readonly seconds: number
  readonly changes: number
  readonly reads: number
  /** What a change is called: `SQL statements`. */
  readonly unit: string
  /** Of the traffic. */
  readonly counts: Counts
  /** The latest changes, newest first. */
  readonly latest: readonly string[]
}

/** What the worker has done, by its metrics. */
export interface Counts {
  /** Messages with row changes. */
  readonly messages: number
  readonly publishes: number
  readonly refills: number
  /** Read events that are counted, and the transactions that did it. */
  readonly counted: number
  readonly transactions: number
}

/** What came after `before`: the rows of the start are messages too where the topic is read from its beginning. */
export const countsSince = (before: Counts, now: Counts): Counts => ({
  // A worker that does not answer has counted nothing.
  messages: Math.max(0, now.messages - before.messages),
  publishes: Math.max(0, now.publishes - before.publishes),
  refills: Math.max(0, now.refills - before.refills),
  counted: Math.max(0, now.counted - before.counted),
  transactions: Math.max(0, now.transactions - before.transactions),
})

const showMovement = (movement: Movement): string => {
  if (movement === 'new') return 'new'
  if (movement === 'same') return ''
  return movement.by > 0 ? `▲ ${movement.by}` : `▼ ${-movement.by}`
}

const showState = ({ state, reason, age }: BoardAnswer): string =>
  `state ${state}${reason === '' ? '' : ` (${reason})`}   age ${Number(age).toFixed(1)} s`

const showRow = (article: Article, rank: number, { column, movementOf }: Panel): string =>
  [
    String(rank).padStart(4),
    String(article.id).padStart(7),
    `  ${article.biz.padEnd(6)}`,
    String(article[column]).padStart(6),
    `  ${showMovement(movementOf(article.id))}`,
  ]
    .join('')
    .trimEnd()

const panelLines = (panel: Panel): readonly string[] => [
  panel.url,
  panel.board === undefined ? 'no answer' : showState(panel.board),
  '',
  `rank     id  biz    ${panel.counted.padStart(7)}`,
  ...(panel.board?.articles ?? []).map((article, i) => showRow(article, i + 1, panel)),
]

/** Columns from one board to the next. */
const panelWidth = 41

/** A line that is too long would push the other board away: it is cut. */
const fitted = (line: string): string => {
  const letters = [...line].slice(0, panelWidth - 2)
  return letters.join('') + ' '.repeat(panelWidth - letters.length)
}

const sideBySide = (panels: readonly (readonly string[])[]): readonly string[] => {
  const height = Math.max(0, ...panels.map((lines) => lines.length))
  return Array.from({ length: height }, (_, i) =>
    panels
      .map((lines) => fitted(lines[i] ?? ''))
      .join('')
      .trimEnd(),
  )
}

/** Lines of the latest changes: more would not fit on 24 lines. */
const latestShown = 3

const perSecond = (count: number, seconds: number): string =>
  `${count > 0 && seconds > 0 ? Math.round(count / seconds) : 0}/s`

export const drawScene = (scene: Scene): readonly string[] => {
  const { counts, seconds, changes, reads, unit } = scene
  return [
    scene.title,
    '',
    ...sideBySide(scene.panels.map(panelLines)),
    '',
    `${seconds.toFixed(0)} s of traffic: ${changes} ${unit} (${perSecond(changes, seconds)}), ${reads} reads (${perSecond(reads, seconds)})`,
    `counter: ${counts.counted} reads counted in ${counts.transactions} transactions, ${Math.max(0, reads - counts.counted)} behind`,
    `boards: ${counts.messages} messages read, ${counts.publishes} publishes to Redis, ${counts.refills} refills from the table`,
    ...scene.latest.slice(0, latestShown).map((line) => `  ${line}`),
  ]
}
