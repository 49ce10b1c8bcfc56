/**
 * The metrics, as one table, and the recorder that fills them. Labels are boards, feeds, error codes and outcomes only:
 * never keys, paths or values, so their number is bounded by the configuration.
 */
import { Counter, collectDefaultMetrics, Gauge, type Registry } from 'prom-client'
import type { BoardState } from '../core/board-content.js'
import type { Recorder } from '../operators/recorder.js'

const counterTable = {
  messages: { name: 'ranktide_messages_total', labels: ['feed'], help: 'Messages read from the topics of the feed' },
  rows: { name: 'ranktide_rows_total', labels: ['feed'], help: 'Row changes of tracked tables in these messages' },
  refused: {
    name: 'ranktide_refused_messages_total',
    labels: ['feed', 'code'],
    help: 'Messages that could not be read',
  },
  deadLetters: {
    name: 'ranktide_dead_letters_total',
    labels: ['feed'],
    help: 'Refused messages written to the dead-letter topic',
  },
  deadLetterFailures: {
    name: 'ranktide_dead_letter_failures_total',
    labels: ['feed'],
    help: 'Writes to the dead-letter topic that failed; the feed stands still until one succeeds',
  },
  refills: { name: 'ranktide_refills_total', labels: ['board'], help: 'Queries that filled a board up from the table' },
  refillFailures: {
    name: 'ranktide_refill_failures_total',
    labels: ['board', 'code'],
    help: 'Refill queries that failed, by error code',
  },
  rebuilds: { name: 'ranktide_rebuilds_total', labels: ['board'], help: 'Boards read anew as a whole' },
  auditDifferences: {
    name: 'ranktide_audit_differences_total',
    labels: ['board'],
    help: 'Members that an audit found to differ from the table',
  },
  diffPairs: { name: 'ranktide_diff_pairs_total', labels: ['board'], help: 'Fields sent to Redis by publishes' },
  publishes: { name: 'ranktide_publishes_total', labels: ['board', 'result'], help: 'Publishes to Redis, by outcome' },
  redisHeals: {
    name: 'ranktide_redis_heals_total',
    labels: ['board'],
    help: 'Times that foreign writes to a board in Redis were put right',
  },
  verifications: {
    name: 'ranktide_verify_total',
    labels: ['board', 'outcome'],
    help: 'Comparisons of a board in Redis with its table, by outcome',
  },
} as const

const gaugeTable = {
  boardState: {
    name: 'ranktide_board_state',
    labels: ['board'],
    help: 'What the board says of itself: 0 exact, 1 assumed, 2 stale, 3 degraded',
  },
  groups: {
    name: 'ranktide_board_groups',
    labels: ['board'],
    help: 'Boards that a split board has, one a value of its column',
  },
  boardAge: {
    name: 'ranktide_board_age_seconds',
    labels: ['board'],
    help: 'Time since the owner of the board last confirmed it',
  },
  lag: { name: 'ranktide_lag_seconds', labels: ['feed'], help: 'How far the feed is behind the commits at its source' },
  owner: { name: 'ranktide_owner', labels: ['feed'], help: '1 if this replica owns the feed, 0 if it stands by' },
  severalSources: {
    name: 'ranktide_several_sources',
    labels: ['feed'],
    help: '1 while several producers write one partition, so that their batch numbers tell no rewinds',
  },
  verifiedAt: {
    name: 'ranktide_verify_last_timestamp_seconds',
    labels: ['board'],
    help: 'When the board was last compared with its table, seconds since 1970',
  },
  journal: { name: 'ranktide_journal_keys', labels: ['feed'], help: 'Keys in the journals of queries in flight' },
} as const

const stateNumbers: Readonly<Record<BoardState, number>> = { exact: 0, assumed: 1, stale: 2, degraded: 3 }

/** An age grows while nothing is reported, so it is worked out when it is asked for. */
const addBoardAge = (registry: Registry, confirmed: ReadonlyMap<string, number>, now: () => number): void => {
  const { name, help, labels } = gaugeTable.boardAge
  new Gauge({
    name,
    help,
    labelNames: labels,
    registers: [registry],
    collect() {
      this.reset()
      for (const [board, at] of confirmed) this.set({ board }, Math.max(0, now() - at) / 1000)
    },
  })
}

/**
 * Registers all metrics and those of the Node process. `now`: ms since 1970. Call it once for a registry; until a
 * board or feed has reported something, it has no series.
 */
export const createRecorder = (registry: Registry, now: () => number): Recorder => {
  const registers = [registry]
  collectDefaultMetrics({ register: registry })
  const counter = (key: keyof typeof counterTable): Counter<string> => {
    const { name, help, labels } = counterTable[key]
    return new Counter({ name, help, labelNames: labels, registers })
  }
  const gauge = (key: keyof typeof gaugeTable): Gauge<string> => {
    const { name, help, labels } = gaugeTable[key]
    return new Gauge({ name, help, labelNames: labels, registers })
  }

  const messages = counter('messages')
  const rows = counter('rows')
  const refused = counter('refused')
  const deadLetters = counter('deadLetters')
  const deadLetterFailures = counter('deadLetterFailures')
  const refills = counter('refills')
  const refillFailures = counter('refillFailures')
  const rebuilds = counter('rebuilds')
  const auditDifferences = counter('auditDifferences')
  const diffPairs = counter('diffPairs')
  const publishes = counter('publishes')
  const redisHeals = counter('redisHeals')
  const verifications = counter('verifications')
  const verifiedAt = gauge('verifiedAt')
  const boardState = gauge('boardState')
  const groups = gauge('groups')
  const lag = gauge('lag')
  const owner = gauge('owner')
  const severalSources = gauge('severalSources')
  const journal = gauge('journal')

  const confirmed = new Map<string, number>()
  addBoardAge(registry, confirmed, now)

  return {
    messages: (feed, count) => messages.inc({ feed }, count),
    rows: (feed, count) => rows.inc({ feed }, count),
    refused: (feed, code) => refused.inc({ feed, code }),
    deadLetters: (feed, count) => deadLetters.inc({ feed }, count),
    deadLettersFailed: (feed) => deadLetterFailures.inc({ feed }),
    refill: (board) => refills.inc({ board }),
    refillFailed: (board, code) => refillFailures.inc({ board, code }),
    rebuild: (board) => rebuilds.inc({ board }),
    auditDifferences: (board, count) => auditDifferences.inc({ board }, count),
    diffPairs: (board, count) => diffPairs.inc({ board }, count),
    published: (board, result) => publishes.inc({ board, result }),
    boardState: (board, state) => boardState.set({ board }, stateNumbers[state]),
    groups: (board, count) => groups.set({ board }, count),
    boardConfirmed: (board, atMs) => {
      confirmed.set(board, atMs)
    },
    lag: (feed, seconds) => lag.set({ feed }, seconds),
    owner: (feed, owns) => owner.set({ feed }, owns ? 1 : 0),
    disowned: (feed, boards) => {
      for (const board of boards) {
        boardState.remove({ board })
        verifiedAt.remove({ board })
        confirmed.delete(board)
      }
      lag.remove({ feed })
      journal.remove({ feed })
    },
    severalSources: (feed, several) => severalSources.set({ feed }, several ? 1 : 0),
    journal: (feed, size) => journal.set({ feed }, size),
    redisHealed: (board) => redisHeals.inc({ board }),
    verified: (board, outcome, atMs) => {
      verifications.inc({ board, outcome: outcome.replaceAll(' ', '-') })
      verifiedAt.set({ board }, atMs / 1000)
    },
  }
}
