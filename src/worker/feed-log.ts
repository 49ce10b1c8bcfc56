/** What a feed's pipeline tells of itself, as log lines and metrics. No row values, no keys above debug. */

import { isWell } from '../core/board-content.js'
import { asRanktideError, type ErrorCode } from '../core/errors.js'
import type { SplitSnapshot } from '../core/feed-io.js'
import type { Note } from '../core/note.js'
import type { DecodeObserver } from '../operators/decode-messages.js'
import type { RefusedRecord } from '../operators/ports.js'
import type { PublishObserver } from '../operators/publish-boards.js'
import type { PublishedGroups } from '../operators/published-groups.js'
import type { Recorder } from '../operators/recorder.js'
import type { DeadLetterObserver } from '../operators/write-letters.js'
import type { Log } from '../runtime/log.js'

export const logNotes = (log: Log, recorder: Recorder) => {
  return (note: Note): void => {
    switch (note.kind) {
      case 'degraded':
        log.warn({ board: note.board, code: note.code, detail: note.detail }, 'Board degraded')
        return
      case 'reading':
        log.info({ board: note.board, cause: note.cause, limit: note.limit }, 'Reading rows')
        return
      case 'read-failed':
        recorder.refillFailed(note.board, note.code)
        log.warn({ board: note.board, cause: note.cause, code: note.code, detail: note.detail }, 'Reading failed')
        return
      case 'merged':
        if (note.cause === 'refill') recorder.refill(note.board)
        else recorder.rebuild(note.board)
        log.info({ board: note.board, cause: note.cause, rows: note.rows, proof: note.proof }, 'Rows taken in')
        return
      case 'early-merge':
        log.warn({ board: note.board, keys: note.keys }, 'Journal full, publishing waits for the barrier')
        return
      case 'audit-difference':
        recorder.auditDifferences(note.board, note.count)
        log.error({ board: note.board, code: 'AUDIT_DIFFERENCE', count: note.count }, 'Audit repaired differences')
        log.debug({ board: note.board, keys: note.keys }, 'Members that differed')
        return
      case 'rewinding':
        log.warn({ board: note.board }, 'Feed has gone back, board stays as it is until it comes up again')
        return
      case 'rewound':
        log.info({ board: note.board }, 'Feed has come up again')
        return
      case 'table-changed':
        log.info({ board: note.board }, 'Table altered or renamed')
        return
      case 'markers-missing':
        log.warn({ board: note.board, code: 'FEED_SILENT' }, 'Marker has not come back: is its table in the filter?')
        return
    }
  }
}

export const logDecoding = (log: Log, recorder: Recorder, feed: string): DecodeObserver => ({
  severalSources: (several) => recorder.severalSources(feed, several),
  decoded: ({ messages, refused, events }) => {
    tellRefused(log, recorder, feed, refused)
    recorder.messages(feed, messages)
    recorder.rows(feed, events.length)
  },
})

/** One line a batch and code: the dead letters have the rest. */
const tellRefused = (log: Log, recorder: Recorder, feed: string, refused: readonly RefusedRecord[]): void => {
  const counts = new Map<ErrorCode, number>()
  for (const { refusal } of refused) {
    recorder.refused(feed, refusal.code)
    counts.set(refusal.code, (counts.get(refusal.code) ?? 0) + 1)
  }
  for (const [code, count] of counts) {
    const first = refused.find(({ refusal }) => refusal.code === code)
    if (first === undefined) continue
    const { topic, partition, offset } = first.message
    log.warn({ topic, partition, offset, code, detail: first.refusal.detail, count }, 'Message refused')
  }
}

export const logDeadLetters = (log: Log, recorder: Recorder, feed: string): DeadLetterObserver => ({
  written: (letters) => recorder.deadLetters(feed, letters.length),
  failed: (letters, { code, detail }) => {
    recorder.deadLettersFailed(feed)
    log.error({ feed, code, detail, letters: letters.length }, 'Dead letters not written, the feed stands still')
  },
})

/** Metrics have one series a board of the configuration: groups count for the board that is split into them. */
const wholeOf = (board: string): string => board.split('/', 1)[0] ?? board

export const logPublishing = (log: Log, recorder: Recorder): PublishObserver => ({
  published: ({ request: { board, diff, meta } }, outcome) => {
    const whole = wholeOf(board)
    recorder.published(whole, outcome)
    recorder.diffPairs(whole, diff.leave.length + diff.scores.length + diff.rows.length)
    if (whole === board) recorder.boardState(board, meta.status.state)
    log.debug({ board, outcome, state: meta.status.state, leave: diff.leave.length }, 'Published')
  },
  failed: (error) => {
    log.warn({ error: asRanktideError(error) }, 'Publishing failed, trying again')
  },
  healed: (board) => {
    recorder.redisHealed(wholeOf(board))
    // After a flush there may be a hundred thousand of them: their split board tells it once.
    if (wholeOf(board) !== board) log.debug({ board }, 'Group in Redis was not what was published, put right')
    else log.warn({ board }, 'Board in Redis was not what was published, put right')
  },
})

/** A split board's worst: what it says of itself, or of the groups that wait to be refilled. */
export const logSplit = (
  recorder: Recorder,
  { spec, status, size }: SplitSnapshot,
  groups: Pick<PublishedGroups, 'settledSince'>,
): void => {
  recorder.boardState(spec.name, isWell(status) && !groups.settledSince(0) ? 'stale' : status.state)
  recorder.groups(spec.name, size)
}
