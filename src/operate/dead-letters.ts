/** What the dead-letter topic holds: the summary of `status`, and the pages of `dead-letters list`. Reads, writes nothing. */
import { asRanktideError } from '../core/errors.js'
import { headersOf, type Outcome, readEntry } from '../core/letter.js'
import type { FeedLetters, LedgerLetter, LetterLedger, SettledLetter } from '../core/letter-ledger.js'
import type { KafkaLetterLog } from '../sources/kafka-letter-log.js'
import { type KafkaPart, readLedger, withLetterLog } from './letter-log.js'

export interface DeadLetterSummary {
  readonly topic: string
  /** Letters that nobody has retried or discarded. */
  readonly unsettled: number
  /** When the oldest of them was written, ms since 1970; undefined: there is none. */
  readonly oldestAt: number | undefined
  /** By feed, or pipeline of a counter. */
  readonly feeds: ReadonlyMap<string, FeedLetters>
}

/**
 * Reads the whole topic: some seconds a hundred thousand letters. A topic that was never made has no letters. Fails
 * with KAFKA_*.
 */
export const summariseDeadLetters = async (config: KafkaPart): Promise<DeadLetterSummary> => {
  const topic = config.kafka.deadLetters
  try {
    return await withLetterLog(config, async (log) => summaryOf(topic, (await readLedger(log)).ledger))
  } catch (error) {
    if (asRanktideError(error).code !== 'KAFKA_TOPIC') throw error
    return { topic, unsettled: 0, oldestAt: undefined, feeds: new Map() }
  }
}

const summaryOf = (topic: string, ledger: LetterLedger): DeadLetterSummary => {
  const feeds = ledger.feeds()
  const times = [...feeds.values()].map(({ oldestAt }) => oldestAt)
  const oldestAt = times.length === 0 ? undefined : Math.min(...times)
  return { topic, unsettled: ledger.open.size + ledger.untold, oldestAt, feeds }
}

/** What is left out matches everything. */
export interface LetterFilter {
  readonly feed?: string
  readonly code?: string
  /** The topic that the message stood in. */
  readonly topic?: string
  /** Written at or after, ms since 1970. */
  readonly since?: number
}

export interface ListOptions extends LetterFilter {
  /** Settled ones, too. */
  readonly all: boolean
  readonly limit: number
  /** Only those behind this one. */
  readonly after?: number
}

export interface ListedLetter {
  /** Its offset in the dead-letter topic. */
  readonly id: number
  /** ms since 1970 */
  readonly at: number
  readonly feed: string
  readonly topic: string
  readonly partition: number
  readonly offset: number
  readonly code: string
  readonly detail: string
  readonly state: 'open' | Outcome
}

export interface LetterList {
  readonly deadLetters: string
  /** Oldest first. */
  readonly letters: readonly ListedLetter[]
  /** Behind the last of them. */
  readonly more: number
  /** All that match, by code. */
  readonly counts: ReadonlyMap<string, number>
  /** Letters that were not looked at, since there are too many. */
  readonly untold: number
}

export const matches = ({ feed, code, topic, since }: LetterFilter, letter: LedgerLetter): boolean =>
  (feed === undefined || letter.source.feed === feed) &&
  (code === undefined || letter.code === code) &&
  (topic === undefined || letter.source.topic === topic) &&
  (since === undefined || letter.at >= since)

export const listDeadLetters = (config: KafkaPart, options: ListOptions): Promise<LetterList> =>
  withLetterLog(config, async (log) => {
    const { ledger, end } = await readLedger(log)
    const found = [...ledger.open.values(), ...(options.all ? settledLetters(ledger.settled) : [])]
      .filter((letter) => matches(options, letter))
      .sort((a, b) => a.id - b.id)
    const counts = new Map<string, number>()
    for (const { code } of found) counts.set(code, (counts.get(code) ?? 0) + 1)
    const { after = -1, limit } = options
    const behind = found.filter(({ id }) => id > after)
    const page = behind.slice(0, limit)
    const details = await readDetails(log, page, end)
    const letters = page.map((letter) => listed(letter, details.get(letter.id) ?? '', stateOf(letter, options, ledger)))
    return { deadLetters: log.topic, letters, more: behind.length - page.length, counts, untold: ledger.untold }
  })

function* settledLetters(settled: ReadonlyMap<string, SettledLetter>): Generator<LedgerLetter> {
  for (const { letter } of settled.values()) if (letter !== undefined) yield letter
}

const listed = ({ id, at, source, code }: LedgerLetter, detail: string, state: ListedLetter['state']): ListedLetter => {
  const { feed, topic, partition, offset } = source
  return { id, at, feed, topic, partition, offset, code, detail, state }
}

const stateOf = (letter: LedgerLetter, { all }: ListOptions, ledger: LetterLedger): ListedLetter['state'] =>
  all ? (ledger.settlementOf(letter.source)?.settlement.outcome ?? 'open') : 'open'

/** They are long, so that the ledger does not keep them. */
const readDetails = async (
  log: KafkaLetterLog,
  page: readonly LedgerLetter[],
  end: number,
): Promise<ReadonlyMap<number, string>> => {
  const wanted = new Set(page.map(({ id }) => id))
  const details = new Map<number, string>()
  const [first, last] = [page[0]?.id ?? end, page.at(-1)?.id ?? end]
  for await (const records of log.records(first, Math.min(end, last + 1))) {
    for (const { offset, headers } of records) {
      if (!wanted.has(offset)) continue
      const entry = readEntry(headersOf(headers))
      if (entry?.kind === 'letter') details.set(offset, entry.detail)
    }
  }
  return details
}
