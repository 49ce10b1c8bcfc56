/** The board as lines of text. Pure. */
import type { BoardAnswer } from './board-client.js'
import type { Movement } from './ranks.js'

export interface Scene {
  readonly title: string
  readonly url: string
  /** Undefined: nothing could be read. */
  readonly board: BoardAnswer | undefined
  readonly movementOf: (id: number) => Movement
  /** Seconds of traffic, and changes in them. */
  readonly seconds: number
  readonly changes: number
  /** What a change is called: `SQL statements`. */
  readonly unit: string
  /** Of the traffic. */
  readonly counts: Counts
  /** The latest changes, newest first. */
  readonly latest: readonly string[]
}

/** What the worker has done, by its metrics. */
export interface Counts {
  readonly messages: number
  readonly publishes: number
  readonly refills: number
}

/** What came after `before`: the rows of the start are messages too where the topic is read from its beginning. */
export const countsSince = (before: Counts, now: Counts): Counts => ({
  // A worker that does not answer has counted nothing.
  messages: Math.max(0, now.messages - before.messages),
  publishes: Math.max(0, now.publishes - before.publishes),
  refills: Math.max(0, now.refills - before.refills),
})

const showMovement = (movement: Movement): string => {
  if (movement === 'new') return 'new'
  if (movement === 'same') return ''
  return movement.by > 0 ? `▲ ${movement.by}` : `▼ ${-movement.by}`
}

const showState = ({ state, reason, age, version }: BoardAnswer): string =>
  [
    `state ${state}${reason === '' ? '' : ` (${reason})`}`,
    `age ${Number(age).toFixed(1)} s`,
    `version ${version}`,
  ].join('   ')

export const drawScene = (scene: Scene): readonly string[] => {
  const { board, counts, seconds, changes, unit } = scene
  const rate = seconds > 0 ? Math.round(changes / seconds) : 0
  const rows = (board?.articles ?? []).map(({ id, biz, like_cnt }, i) =>
    [
      String(i + 1).padStart(4),
      String(id).padStart(7),
      `  ${biz.padEnd(6)}`,
      String(like_cnt).padStart(6),
      `  ${showMovement(scene.movementOf(id))}`,
    ]
      .join('')
      .trimEnd(),
  )
  return [
    scene.title,
    scene.url,
    board === undefined ? 'no answer' : showState(board),
    '',
    'rank     id  biz      likes',
    ...rows,
    '',
    `${seconds.toFixed(0)} s of traffic: ${changes} ${unit} (${rate}/s), ${counts.messages} messages read,`,
    `${counts.publishes} publishes to Redis, ${counts.refills} refills from the table`,
    ...scene.latest.map((line) => `  ${line}`),
  ]
}
