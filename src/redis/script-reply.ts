/** What the scripts of boards answer, as their headers have it. Fails with REDIS_FAILED at what they never give. */
import { RanktideError } from '../core/errors.js'
import type { ForgetOutcome, PublishOutcome, TakenBoard } from '../operators/ports.js'
import { entriesOf, hashOf, storedMetaOf, textsOf, wholeNumber } from './board-reply.js'

export const malformed = (script: string): RanktideError =>
  new RanktideError('REDIS_FAILED', `the script ${script} gave a reply that it never gives`)

export const outcomeOf = (reply: unknown): PublishOutcome => {
  const [kind, version, zset, rows] = Array.isArray(reply) ? (reply as unknown[]) : []
  if (kind === 'fenced' || kind === 'lost') return { kind }
  const number = wholeNumber(String(version))
  if (number === undefined) throw malformed('publish')
  if (kind === 'published') return { kind, version: number }
  if (kind === 'moved') return { kind, version: number, entries: entriesOf(textsOf(zset), hashOf(rows)) }
  throw malformed('publish')
}

export const forgottenOf = (reply: unknown): ForgetOutcome => {
  if (Array.isArray(reply) && reply[0] === 'forgotten') return { kind: 'forgotten' }
  const outcome = outcomeOf(reply)
  if (outcome.kind === 'published') throw malformed('forget')
  return outcome
}

export const takenOf = (reply: unknown): TakenBoard => {
  const [epoch, version, zset, rows, meta] = Array.isArray(reply) ? (reply as unknown[]) : []
  const numbers = { epoch: wholeNumber(String(epoch)), version: wholeNumber(String(version)) }
  if (numbers.epoch === undefined || numbers.version === undefined) throw malformed('take')
  const entries = entriesOf(textsOf(zset), hashOf(rows))
  const found = storedMetaOf(hashOf(meta)).meta
  const n = wholeNumber(hashOf(meta).get('n'))
  // Members are gone, or others are there, that no owner wrote: complete as its meta calls it, it would start as exact.
  const isWhole = found === undefined || n === undefined || n === entries.length
  return {
    epoch: numbers.epoch,
    version: numbers.version,
    entries,
    meta: isWhole ? found : { ...found, complete: false, definition: '' },
  }
}
