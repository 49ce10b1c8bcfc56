/** One dead letter as a whole, by the number of its record. */
import { asRanktideError, RanktideError } from '../core/errors.js'
import { headersOf, type LetterEntry, letterIdentity, readEntry, type Settlement } from '../core/letter.js'
import type { Message } from '../operators/ports.js'
import type { Config } from '../runtime/config.js'
import type { KafkaLetterLog, LogBounds } from '../sources/kafka-letter-log.js'
import { type Judgement, LetterJudge, type WholeLetter } from './letter-judge.js'
import { readLedger, withLetterLog } from './letter-log.js'

export interface ShownLetter extends WholeLetter {
  readonly deadLetters: string
  /** When it was written, ms since 1970. */
  readonly at: number
  readonly code: string
  readonly detail: string
  /** Where its first copy stands, if this is a later one. */
  readonly copyOf: number | undefined
  readonly settlement: Settlement | undefined
  /** Of an event that is open: whether its counter is known to have gone on without it. */
  readonly passed: boolean
  readonly headers: ReadonlyMap<string, string>
  readonly now: Judgement
}

/** LETTER_UNKNOWN where no letter stands there. */
export const showDeadLetter = (config: Config, id: number): Promise<ShownLetter> =>
  withLetterLog(config, async (log) => {
    const { ledger, first, end } = await readLedger(log)
    const found = await letterAt(log, id, { first, end })
    const { entry, letter, headers, at } = found
    const open = ledger.open.get(letterIdentity(entry.source))
    const settled = ledger.settlementOf(entry.source)
    const firstId = open?.id ?? settled?.letter?.id ?? id
    return {
      ...letter,
      deadLetters: log.topic,
      at,
      code: entry.code,
      detail: entry.detail,
      copyOf: firstId === id ? undefined : firstId,
      settlement: settled?.settlement,
      passed: open?.passed === true,
      headers,
      now: await judgeNow(config, letter),
    }
  })

/** For somebody who looks: that a server is away is an answer, too. */
const judgeNow = async (config: Config, letter: WholeLetter): Promise<Judgement> => {
  const judge = new LetterJudge(config)
  try {
    return await judge.judge(letter)
  } catch (error) {
    const { code, message } = asRanktideError(error)
    return { kind: 'unknown', why: `${code}: ${message}` }
  } finally {
    await judge.close()
  }
}

type LetterRecord = Extract<LetterEntry, { kind: 'letter' }>

/** The letter that a record of the dead-letter topic is; undefined for other records. */
export const letterOf = (
  record: Message,
): { readonly entry: LetterRecord; readonly letter: WholeLetter } | undefined => {
  const entry = readEntry(headersOf(record.headers))
  if (entry?.kind !== 'letter') return undefined
  const { topic, partition, offset, timestamp } = entry.source
  const { key, value } = record
  const message = { topic, partition, offset, timestamp, key, value }
  return { entry, letter: { id: record.offset, source: entry.source, message } }
}

/** LETTER_UNKNOWN, saying what is there, where no letter stands. */
export const letterAt = async (log: KafkaLetterLog, id: number, bounds: LogBounds) => {
  if (id >= bounds.first && id < bounds.end) {
    for await (const records of log.records(id, id + 1)) {
      for (const record of records) {
        const found = letterOf(record)
        if (found !== undefined) return { ...found, headers: headersOf(record.headers), at: record.timestamp ?? 0 }
      }
    }
  }
  throw noLetter(log.topic, id, bounds)
}

/** Says what is there and what to type. */
const noLetter = (topic: string, id: number, { first, end }: LogBounds): RanktideError => {
  const there =
    end <= first
      ? `${topic} is empty`
      : id < first || id >= end
        ? `${topic} has 0/${first} to 0/${end - 1}${id < first ? ': older ones have been deleted by Kafka' : ''}`
        : 'the record there is none: it belongs to another letter'
  return new RanktideError('LETTER_UNKNOWN', `0/${id}; ${there}. ranktide dead-letters list --all lists them`)
}
