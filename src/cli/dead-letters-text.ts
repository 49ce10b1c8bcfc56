/** Dead letters as people and as programs (`--json`) read them. Values come from topics: control characters are escaped. */
import { isoTime } from '../core/iso-time.js'
import type { LetterList, ListedLetter } from '../operate/dead-letters.js'
import type { Judgement } from '../operate/letter-judge.js'
import type { ShownLetter } from '../operate/show-letter.js'
import { printable, textTable } from './text-table.js'

/** As `--after`, `show` and the others take it. */
export const letterId = (id: number): string => `0/${id}`

const longestDetail = 100
const longestValue = 4_000

const cut = (text: string, most: number): string => (text.length > most ? `${text.slice(0, most)}…` : text)

const sourceText = ({ topic, partition, offset }: Pick<ListedLetter, 'topic' | 'partition' | 'offset'>): string =>
  `${topic}/${partition}/${offset}`

/** `filtered`: there may be others than these. */
export const listText = (list: LetterList, all: boolean, filtered: boolean): string => {
  const { letters, more, counts, untold, deadLetters } = list
  const found = [...counts.values()].reduce((sum, count) => sum + count, 0)
  if (found === 0) {
    const kind = `no ${all ? '' : 'open '}letters in ${deadLetters}`
    const match = filtered
      ? ' match; without a filter "ranktide dead-letters list" has all, with the feeds and codes there are'
      : ''
    return `${kind}${match}\n${untoldText(untold)}`
  }
  const heads = ['ID', 'WRITTEN', 'FEED', 'MESSAGE', 'CODE', ...(all ? ['STATE'] : []), 'DETAIL']
  const rows = letters.map((letter) => {
    const { id, at, feed, code, state, detail } = letter
    const before = [letterId(id), isoTime(at), feed, sourceText(letter), code]
    return [...before, ...(all ? [state] : []), cut(detail, longestDetail)]
  })
  const byCode = [...counts].sort((a, b) => b[1] - a[1]).map(([code, count]) => `${code} ${count}`)
  const last = letters.at(-1)
  const next = more === 0 || last === undefined ? '' : `${more} more: add --after ${letterId(last.id)}\n`
  const table = letters.length === 0 ? '' : `${textTable(heads, rows)}\n`
  return `${table}${found} ${found === 1 ? 'letter' : 'letters'}: ${byCode.join(', ')}\n${next}${untoldText(untold)}`
}

const untoldText = (untold: number): string =>
  untold === 0 ? '' : `${untold} newer ones were not looked at: settle older ones first\n`

export const listJson = ({ letters, more, counts, untold, deadLetters }: LetterList) => ({
  topic: deadLetters,
  letters: letters.map(({ id, at, ...rest }) => ({ id: letterId(id), at: isoTime(at), ...rest })),
  more,
  counts: Object.fromEntries(counts),
  untold,
})

const stateText = ({ settlement, passed, source }: ShownLetter): string => {
  if (settlement !== undefined) {
    const { outcome, at, by, reason } = settlement
    return `${outcome} at ${isoTime(at)} by ${by}${reason === '' ? '' : `: ${reason}`}`
  }
  return passed ? `open; ${source.feed} has gone on without it` : 'open'
}

const nowText = (now: Judgement): string => {
  switch (now.kind) {
    case 'event':
      return 'would be accepted: an event that can be counted'
    case 'rows':
      return 'would be accepted: a message that boards can use'
    case 'refused':
      return `still refused: ${now.code}: ${now.detail}`
    case 'unknown':
      return `not known: ${now.why}`
  }
}

const strictUtf8 = new TextDecoder('utf-8', { fatal: true })

/** Text where the bytes are UTF-8, else hexadecimal; control characters escaped. */
const bytesText = (bytes: Uint8Array | null): string => {
  if (bytes === null) return '(null)'
  const shown = bytes.subarray(0, longestValue)
  const rest = bytes.length > shown.length ? ` … (${bytes.length} bytes; --raw writes them all)` : ''
  try {
    const text = strictUtf8.decode(shown, { stream: bytes.length > shown.length })
    strictUtf8.decode()
    return `${printableLines(text)}${rest}`
  } catch {
    return `${bytes.length} bytes, not UTF-8: ${Buffer.from(shown.subarray(0, 200)).toString('hex')}${bytes.length > 200 ? '…' : ''}`
  }
}

/** As it was written, over several lines where it was. */
const printableLines = (text: string): string => text.replaceAll(/[^\n\t]+/g, (part) => printable(part))

export const showText = (letter: ShownLetter): string => {
  const { id, deadLetters, at, code, detail, copyOf, source, headers, message, now } = letter
  const lines: [string, string][] = [
    ['letter', `${letterId(id)} of ${deadLetters}${copyOf === undefined ? '' : `, a copy of ${letterId(copyOf)}`}`],
    ['state', stateText(letter)],
    ['written', isoTime(at)],
    ['feed', source.feed],
    ['message', `${sourceText(source)}${source.timestamp === undefined ? '' : ` of ${isoTime(source.timestamp)}`}`],
    ['refused', `${code}: ${detail}`],
    ['today', nowText(now)],
    ...[...headers].map(([name, value]): [string, string] => ['header', `${name}: ${value}`]),
    ['key', bytesText(message.key)],
  ]
  const text = lines.map(([name, value]) => `${name.padEnd(9)}${printable(value)}\n`).join('')
  return `${text}\n${bytesText(message.value)}\n`
}

const base64 = (bytes: Uint8Array | null): string | null =>
  bytes === null ? null : Buffer.from(bytes).toString('base64')

/** Key and value in base64. */
export const showJson = (letter: ShownLetter) => {
  const { id, deadLetters, at, code, detail, copyOf, settlement, passed, source, headers, message, now } = letter
  const { feed, topic, partition, offset, timestamp } = source
  return {
    id: letterId(id),
    deadLetters,
    at: isoTime(at),
    copyOf: copyOf === undefined ? null : letterId(copyOf),
    feed,
    topic,
    partition,
    offset,
    timestamp: timestamp ?? null,
    code,
    detail,
    state: settlement?.outcome ?? 'open',
    settlement: settlement === undefined ? null : { ...settlement, at: isoTime(settlement.at) },
    passed,
    now: now.kind === 'rows' ? { kind: 'rows' } : now,
    headers: Object.fromEntries(headers),
    key: base64(message.key),
    value: base64(message.value),
  }
}
