/** What a counting pipeline needs from outside; each operator takes what it needs of it. */
import type { SchedulerLike } from 'rxjs'
import type { BacklogLimits } from '../core/backlog-window.js'
import type { RanktideError } from '../core/errors.js'
import type { DecodeRead } from '../core/read-event.js'
import type { BatchStore } from './batch-store.js'
import type { GroupConsumer } from './message-ports.js'
import type { DeadLetters } from './ports.js'
import type { DeadLetterObserver } from './write-letters.js'

export interface CounterPorts<B> {
  /** Names the pipeline in dead letters. */
  readonly name: string
  /** Under which the database keeps the offsets. */
  readonly group: string
  readonly consumer: GroupConsumer
  readonly store: BatchStore<B>
  readonly deadLetters: DeadLetters
  readonly decode: DecodeRead
  readonly window: CounterWindow
  /** Where a partition begins of which the database has no offset. */
  readonly start: 'beginning' | 'end'
  /** What to do where the topic no longer holds what comes next: fail with EVENTS_LOST, or go on behind it. */
  readonly onLoss: 'stop' | 'skip'
  readonly scheduler: SchedulerLike
  /** From 0 to below 1, for pauses that differ between workers. */
  readonly random: () => number
  readonly observer: CounterObserver
}

/** A window is closed when it holds `events` events (up to `most` under backlog), or `time` ms after its first one. */
export interface CounterWindow extends BacklogLimits {
  readonly time: number
}

/** Calls are synchronous, cheap and never throw; nothing depends on them. */
export interface CounterObserver {
  /** Refused events: written as dead letters, or tried again. */
  readonly letters: DeadLetterObserver
  /** A call has failed and is made again after `pause` ms; 0: it is not, what it was to write is read again. */
  failed(what: 'take' | 'write', error: RanktideError, pause: number): void
  /** The partitions are somebody else's, or their offsets are not where we left them. */
  fenced(partitions: readonly string[]): void
  /** Passed over (`onLoss: skip`): how many offsets, of which partition, and why. */
  lost(partition: string, offsets: number, detail: string): void
}
