/**
 * `retry` and `discard`: open letters are closed, each once, whatever happens in between.
 *
 * A letter's settlement and, of an event, the event itself are one transaction of Kafka: both are there or none is. One
 * command at a time: it takes a transactional id, which fences the one before and settles what that left open, and reads
 * what is settled only then. So an event is produced again once, however often, and by however many, it is asked for.
 * Memory: the ledger, and one transaction of at most 200 letters or 8 MiB.
 */
import { RanktideError } from '../core/errors.js'
import { type LetterSource, type Outcome, retryHeader, settledHeaders } from '../core/letter.js'
import type { LetterLedger, OpenLetter } from '../core/letter-ledger.js'
import type { Config } from '../runtime/config.js'
import { kafkaAddress } from '../sources/kafka-address.js'
import type { KafkaLetterLog } from '../sources/kafka-letter-log.js'
import { KafkaTransactions, type PlacedRecord } from '../sources/kafka-transactions.js'
import { chooseLetters, type LetterChoice, type SettledBefore } from './choose-letters.js'
import { type Fate, type RetryRules, retryFate } from './letter-fate.js'
import { LetterJudge, type WholeLetter } from './letter-judge.js'
import { readLedger, withLetterLog } from './letter-log.js'
import { letterOf } from './show-letter.js'

export interface SettleOptions {
  /** Says what would be done, writes nothing and fences nobody. */
  readonly dryRun: boolean
  /** User and host. */
  readonly by: string
  /** Aborted: ends after the transaction under way. */
  readonly signal: AbortSignal
}

export type RetryOptions = SettleOptions & RetryRules

export interface LeftLetter {
  readonly id: number
  readonly code: string
  readonly why: string
}

export interface SettleReport {
  readonly dryRun: boolean
  readonly retried: number
  readonly healed: number
  readonly discarded: number
  /** Of those named, settled before; they stay as they are. */
  readonly already: readonly SettledBefore[]
  /** Still open: how many, and the first of them. */
  readonly left: number
  readonly leftFirst: readonly LeftLetter[]
  /** Ended by a signal before all were looked at. */
  readonly stopped: boolean
  /** Open letters that were not looked at, since there are too many. */
  readonly untold: number
}

const mostLetters = 200
const mostBytes = 8 * 1024 * 1024
const mostLeft = 20

/** Fails with LETTER_UNKNOWN for an id that is none, before anything is done, with KAFKA_*, DATABASE_* and REDIS_*. */
export const retryDeadLetters = async (
  config: Config,
  choice: LetterChoice,
  options: RetryOptions,
): Promise<SettleReport> => {
  if (config.kafka.client['isolation.level'] === 'read_uncommitted') {
    const why = 'counters would count what a transaction takes back; remove it from kafka.client, or discard'
    throw new RanktideError(
      'CONFIG_INVALID',
      `${config.file}: kafka.client.isolation.level is read_uncommitted: ${why}`,
    )
  }
  const judge = new LetterJudge(config)
  try {
    return await settle(config, choice, '', options, (letter, open, writer) =>
      retryFate(judge, letter, open, options, writer),
    )
  } finally {
    await judge.close()
  }
}

export const discardDeadLetters = (
  config: Config,
  choice: LetterChoice,
  reason: string,
  options: SettleOptions,
): Promise<SettleReport> => settle(config, choice, reason, options, () => Promise.resolve({ settle: 'discarded' }))

type Decide = (letter: WholeLetter, open: OpenLetter, writer: KafkaTransactions | undefined) => Promise<Fate>

/** A dry run has no writer. */
const settle = (
  config: Config,
  choice: LetterChoice,
  reason: string,
  options: SettleOptions,
  decide: Decide,
): Promise<SettleReport> =>
  withLetterLog(config, async (log) => {
    // Before the ledger is read: what another command has under way is settled, or never will be.
    const writer = options.dryRun ? undefined : await openWriter(config)
    try {
      const { ledger, first, end } = await readLedger(log)
      const { open, already } = await chooseLetters(log, ledger, choice, { first, end })
      const run = new Settling(log.topic, ledger, open, { ...options, reason, writer, decide })
      await run.read(log, end)
      return run.report(already)
    } finally {
      await writer?.close()
    }
  })

const openWriter = (config: Config): Promise<KafkaTransactions> =>
  KafkaTransactions.open({ ...kafkaAddress(config.kafka), name: `${config.kafka.deadLetters}.settle` })

interface Running extends SettleOptions {
  readonly reason: string
  readonly writer: KafkaTransactions | undefined
  readonly decide: Decide
}

class Settling {
  readonly #topic: string
  readonly #ledger: LetterLedger
  /** By the offset of the first copy. */
  readonly #open: ReadonlyMap<number, OpenLetter>
  readonly #running: Running
  readonly #counts = { retried: 0, healed: 0, discarded: 0 }
  readonly #left: LeftLetter[] = []
  #leftCount = 0
  #looked = 0
  #records: PlacedRecord[] = []
  #pending: Outcome[] = []
  #bytes = 0

  constructor(topic: string, ledger: LetterLedger, open: ReadonlyMap<number, OpenLetter>, running: Running) {
    this.#topic = topic
    this.#ledger = ledger
    this.#open = open
    this.#running = running
  }

  async read(log: KafkaLetterLog, end: number): Promise<void> {
    const ids = [...this.#open.keys()]
    const first = ids.reduce((least, id) => Math.min(least, id), end)
    const last = ids.reduce((most, id) => Math.max(most, id), -1)
    for await (const records of log.records(first, Math.min(end, last + 1))) {
      for (const record of records) {
        if (this.#running.signal.aborted) break
        const open = this.#open.get(record.offset)
        const found = open === undefined ? undefined : letterOf(record)
        if (open !== undefined && found !== undefined) await this.#take(found.letter, open)
      }
      if (this.#running.signal.aborted) break
    }
    await this.#commit()
  }

  report(already: readonly SettledBefore[]): SettleReport {
    const { dryRun } = this.#running
    return {
      dryRun,
      ...this.#counts,
      already,
      left: this.#leftCount,
      leftFirst: this.#left,
      stopped: this.#looked < this.#open.size && this.#running.signal.aborted,
      untold: this.#ledger.untold,
    }
  }

  async #take(letter: WholeLetter, open: OpenLetter): Promise<void> {
    const { decide, writer } = this.#running
    const fate = await decide(letter, open, writer)
    this.#looked++
    if ('left' in fate) {
      this.#leftCount++
      if (this.#left.length < mostLeft) this.#left.push({ id: open.id, code: open.code, why: fate.left })
      return
    }
    const { key, value } = letter.message
    this.#records.push(...this.#recordsOf(letter, fate.settle))
    this.#pending.push(fate.settle)
    this.#bytes += (key?.length ?? 0) + (value?.length ?? 0)
    if (this.#pending.length >= mostLetters || this.#bytes >= mostBytes) await this.#commit()
  }

  #recordsOf({ source, message }: WholeLetter, outcome: Outcome): readonly PlacedRecord[] {
    const { reason, by } = this.#running
    const headers = settledHeaders(source, { outcome, reason, by, at: Date.now() })
    const settled: PlacedRecord = { topic: this.#topic, partition: 0, key: null, value: null, headers }
    return outcome === 'retried' ? [againOf(source, message), settled] : [settled]
  }

  async #commit(): Promise<void> {
    if (this.#pending.length === 0) return
    await this.#running.writer?.commit(this.#records)
    for (const outcome of this.#pending) this.#counts[outcome]++
    ;[this.#records, this.#pending, this.#bytes] = [[], [], 0]
  }
}

/** The event as it was: its time says to which hour it belongs, its partition who counts it. */
const againOf = ({ feed }: LetterSource, message: WholeLetter['message']): PlacedRecord => {
  const { topic, partition, key, value, timestamp } = message
  const headers = { [retryHeader]: feed }
  return { topic, partition, key, value, headers, ...(timestamp === undefined ? {} : { timestamp }) }
}
