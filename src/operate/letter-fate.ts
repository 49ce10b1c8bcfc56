/**
 * What a retry makes of a letter.
 *
 * An event of a counter was never counted, so it is produced again, unless it may have been counted after all. A message of
 * a board's feed never is: its row images are absolute, and an old one would set rows back. Its boards are read anew from
 * the table by themselves; once they have been, and the message is understood, there is nothing left to do for it.
 */
import { asRanktideError } from '../core/errors.js'
import type { Outcome } from '../core/letter.js'
import type { OpenLetter } from '../core/letter-ledger.js'
import type { KafkaTransactions } from '../sources/kafka-transactions.js'
import type { LetterJudge, WholeLetter } from './letter-judge.js'

/** What becomes of a letter, or why it stays open. */
export type Fate = { readonly settle: Outcome } | { readonly left: string }

export interface RetryRules {
  /** Also events of which it is not known that their counter has gone on without them. */
  readonly unconfirmed: boolean
}

/** Without a writer partitions are not looked for. Fails with KAFKA_*, DATABASE_* and REDIS_*. */
export const retryFate = async (
  judge: LetterJudge,
  letter: WholeLetter,
  { passed }: OpenLetter,
  { unconfirmed }: RetryRules,
  writer: KafkaTransactions | undefined,
): Promise<Fate> => {
  const judgement = await judge.judge(letter)
  switch (judgement.kind) {
    case 'unknown':
      return { left: judgement.why }
    case 'refused':
      return { left: `still refused: ${judgement.code}: ${judgement.detail}` }
    case 'rows': {
      const why = await judge.unhealed(judgement.feed, letter.source)
      return why === undefined ? { settle: 'healed' } : { left: `its boards were not read anew yet: ${why}` }
    }
    case 'event': {
      const { feed, topic, partition } = letter.source
      if (!passed && !unconfirmed)
        return { left: `${feed} has not said that it went on without it, so it may be counted: see --unconfirmed` }
      const gone = writer === undefined ? undefined : await goneFrom(writer, topic, partition)
      return gone === undefined ? { settle: 'retried' } : { left: gone }
    }
  }
}

const goneFrom = async (writer: KafkaTransactions, topic: string, partition: number): Promise<string | undefined> => {
  try {
    const count = await writer.partitionCount(topic)
    return partition < count ? undefined : `${topic} has no partition ${partition} any more`
  } catch (error) {
    if (asRanktideError(error).code !== 'KAFKA_TOPIC') throw error
    return `there is no topic ${topic} any more`
  }
}
