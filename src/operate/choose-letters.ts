/** Which letters a command was asked to settle. Reads, writes nothing. */
import { RanktideError } from '../core/errors.js'
import { type LetterSource, letterIdentity, type Settlement } from '../core/letter.js'
import type { LetterLedger, OpenLetter } from '../core/letter-ledger.js'
import type { KafkaLetterLog, LogBounds } from '../sources/kafka-letter-log.js'
import { type LetterFilter, matches } from './dead-letters.js'
import { letterAt } from './show-letter.js'

export type LetterChoice =
  | { readonly kind: 'ids'; readonly ids: readonly number[] }
  /** Of the open ones. */
  | { readonly kind: 'filter'; readonly filter: LetterFilter }

/** Named, and settled before: stays as it is. */
export interface SettledBefore {
  readonly id: number
  readonly settlement: Settlement
}

/** What was chosen, by the first copy's offset. LETTER_UNKNOWN for an id that is none. */
export const chooseLetters = async (
  log: KafkaLetterLog,
  ledger: LetterLedger,
  choice: LetterChoice,
  bounds: LogBounds,
): Promise<{ readonly open: ReadonlyMap<number, OpenLetter>; readonly already: readonly SettledBefore[] }> => {
  if (choice.kind === 'filter') {
    const found = [...ledger.open.values()].filter((letter) => matches(choice.filter, letter))
    return { open: new Map(found.map((letter) => [letter.id, letter])), already: [] }
  }
  const sources = await sourcesOf(log, choice.ids, bounds)
  const open = new Map<number, OpenLetter>()
  const already: SettledBefore[] = []
  for (const [id, source] of sources) {
    const letter = ledger.open.get(letterIdentity(source))
    const settlement = ledger.settlementOf(source)?.settlement
    if (letter !== undefined) open.set(letter.id, letter)
    else if (settlement !== undefined) already.push({ id, settlement })
    else throw new RanktideError('LETTER_UNKNOWN', `0/${id} is one of ${ledger.untold} that were not looked at`)
  }
  return { open, already }
}

const sourcesOf = async (
  log: KafkaLetterLog,
  ids: readonly number[],
  bounds: LogBounds,
): Promise<ReadonlyMap<number, LetterSource>> => {
  const sources = new Map<number, LetterSource>()
  for (const id of [...new Set(ids)].sort((a, b) => a - b))
    sources.set(id, (await letterAt(log, id, bounds)).entry.source)
  return sources
}
