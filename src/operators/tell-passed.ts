import { defer, from, lastValueFrom } from 'rxjs'
import { type Positions, partitionId } from '../core/positions.js'
import type { Generation } from './generation.js'
import type { DeadLetters, RefusedRecord } from './ports.js'

/**
 * Once a transaction has moved the offsets past refused events, says so beside their letters: these events were not
 * counted and will not be read again, so that they may be produced again. That a letter is there does not tell it: who
 * wrote it may have died before its transaction, and whoever came after may have counted the event.
 *
 * Nothing waits for it, and a failure is not told: an event of which it is not known stays so. Memory: keys and values are
 * left behind; refused events of windows that are not committed.
 */
export const tellPassed = (
  { name, deadLetters }: { readonly name: string; readonly deadLetters: Pick<DeadLetters, 'passed'> },
  { unpassed }: Pick<Generation, 'unpassed'>,
  positions: Positions,
): void => {
  if (unpassed === undefined || unpassed.length === 0) return
  const isPassed = ({ message }: RefusedRecord): boolean =>
    message.offset < (positions.get(partitionId(message.topic, message.partition)) ?? 0)
  const passed = unpassed.filter(isPassed)
  if (passed.length === 0) return
  unpassed.splice(0, unpassed.length, ...unpassed.filter((record) => !isPassed(record)))
  const letters = passed.map((record) => ({ ...record, feed: name }))
  const told$ = defer(() => from(deadLetters.passed?.(letters) ?? []))
  lastValueFrom(told$, { defaultValue: undefined }).catch(() => {})
}

/** What `tellPassed` needs of refused events whose letters have been written. */
export const notePassing = ({ unpassed }: Pick<Generation, 'unpassed'>, refused: readonly RefusedRecord[]): void => {
  for (const { message, refusal } of refused)
    unpassed?.push({ message: { ...message, key: null, value: null }, refusal })
}
