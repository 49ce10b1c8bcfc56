/**
 * What a worker knows of open dead letters: the topic read once at the start, then every 5 s what has come since. Nothing
 * waits for it, and it never keeps anything from going on. Memory: the ledger, of at most 20,000 open letters; newer ones are only counted.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { asRanktideError, type RanktideError } from '../core/errors.js'
import { type FeedLetters, LetterLedger } from '../core/letter-ledger.js'
import type { OpenLetterLog } from './worker-parts.js'

export interface LetterWatch {
  /** Nothing is opened before. */
  readonly after: Promise<unknown>
  readonly open: () => Promise<OpenLetterLog>
  /** Undefined: nothing is known for now. */
  readonly show: (feeds: ReadonlyMap<string, FeedLetters> | undefined) => void
  /** Told once of each trouble in a row. */
  readonly failed: (error: RanktideError) => void
  readonly signal: AbortSignal
}

const every = 5_000
const afterTrouble = 15_000
const mostLetters = 20_000

/** Ends when the signal is aborted, whatever is not answered then; never rejects. */
export const watchLetters = async ({ after, open, show, failed, signal }: LetterWatch): Promise<void> => {
  let told = ''
  await whileWanted(after, signal).catch(() => {})
  while (!signal.aborted) {
    try {
      await follow(open, signal, (ledger) => {
        told = ''
        show(feedsOf(ledger))
      })
    } catch (error) {
      show(undefined)
      const known = asRanktideError(error)
      if (known.code !== told && !signal.aborted) failed(known)
      told = known.code
      await pause(afterTrouble, signal)
    }
  }
}

const follow = async (
  open: LetterWatch['open'],
  signal: AbortSignal,
  caughtUp: (ledger: LetterLedger) => void,
): Promise<void> => {
  const opening = open()
  const log = await whileWanted(opening, signal).catch((error: unknown) => {
    opening.then((late) => late.close()).catch(() => {})
    throw error
  })
  let ledger = new LetterLedger(mostLetters)
  let next = 0
  try {
    while (!signal.aborted) {
      const { first, end } = await whileWanted(log.bounds(), signal)
      // Made anew, or deleted from the front: letters that are gone are nobody's to settle.
      if (end < next || (ledger.firstOpen ?? first) < first) [ledger, next] = [new LetterLedger(mostLetters), 0]
      for await (const records of log.records(Math.max(first, next), end)) {
        for (const record of records) ledger.read(record)
        if (signal.aborted) return
      }
      next = Math.max(next, end)
      caughtUp(ledger)
      await pause(every, signal)
    }
  } finally {
    const closed = log.close().catch(() => {})
    // Who shuts down waits for nothing that a broker may not answer.
    if (!signal.aborted) await closed
  }
}

/** Rejects when the signal is aborted first. */
const whileWanted = <T>(work: Promise<T>, signal: AbortSignal): Promise<T> =>
  new Promise((resolve, reject) => {
    const gone = (): void => reject(new Error('not wanted any more'))
    if (signal.aborted) gone()
    signal.addEventListener('abort', gone, { once: true })
    work.then(resolve, reject).finally(() => signal.removeEventListener('abort', gone))
  })

/** Those that the ledger has no room for are of any feed. */
const feedsOf = (ledger: LetterLedger): ReadonlyMap<string, FeedLetters> => {
  const feeds = ledger.feeds()
  if (ledger.untold === 0) return feeds
  return new Map([...feeds, ['', { unsettled: ledger.untold, oldestAt: Date.now() }]])
}

const pause = (ms: number, signal: AbortSignal): Promise<void> => sleep(ms, undefined, { signal }).catch(() => {})
