/** What `ranktide replay` was asked for, checked as far as that goes without asking a server. CONFIG_INVALID otherwise. */
import { isLeft } from 'fp-ts/lib/Either.js'
import { RanktideError } from '../core/errors.js'
import { nearestName } from '../core/nearest-name.js'
import { type OffsetSpec, parseOffsetSpec } from '../core/offset-spec.js'
import type { BoardConfig, Config } from '../runtime/config.js'

export interface ReplayWords {
  readonly board: string
  /** As written. */
  readonly from: string
  readonly to: string
  /** Empty: the board's own. */
  readonly topics: readonly string[]
  readonly file: string | undefined
  readonly seed: boolean
  readonly checkpoint: string | undefined
  /** The group of a split board that is meant. */
  readonly per: string | undefined
  readonly into: string | undefined
  readonly apply: boolean
  readonly force: boolean
}

const wrong = (why: string): RanktideError => new RanktideError('CONFIG_INVALID', `ranktide replay: ${why}`)

/** The board that is meant. */
export const boardOf = (config: Pick<Config, 'boards' | 'counters' | 'history'>, name: string): BoardConfig => {
  const { boards, counters, history } = config
  const board = boards.find((one) => one.name === name)
  if (board !== undefined) return board
  if (counters.some((counter) => counter.spec.name === name))
    throw wrong(
      `${name} is a counter, and counters are not replayed: counts and offsets move in one transaction, so the offsets ` +
        'in its database say exactly what was counted, and counting a range again would count it twice. ' +
        '"ranktide offsets show" prints them; "ranktide offsets reset" moves them',
    )
  if (history !== undefined && name === 'history')
    throw wrong(
      'the history is not replayed: its rows and offsets move in one transaction; "ranktide offsets show" prints them',
    )
  const names = boards.map((one) => one.name)
  if (names.length === 0) throw wrong('the configuration has no boards')
  const near = nearestName(name, names)
  const meant = near === undefined ? '' : `; did you mean ${near}?`
  throw wrong(
    `--board ${name}: there is no such board${meant}; there ${names.length === 1 ? 'is' : 'are'} ${cut(names)}`,
  )
}

const shown = 20

const cut = (names: readonly string[]): string =>
  names.length > shown ? `${names.slice(0, shown).join(', ')} and ${names.length - shown} more` : names.join(', ')

export const offsetSpecOf = (option: string, text: string): OffsetSpec => {
  const spec = parseOffsetSpec(text)
  if (isLeft(spec)) throw wrong(`${option}: ${spec.left}`)
  return spec.right
}

export const checkWords = (words: ReplayWords, board: BoardConfig): void => {
  offsetSpecOf('--from', words.from)
  offsetSpecOf('--to', words.to)
  if (words.per !== undefined && board.per === undefined)
    throw wrong(`--per ${words.per}: ${board.name} is one board, it is not split (boards.${board.name}.per)`)
  if (words.force && !words.apply && words.into === undefined)
    throw wrong('--force is of --apply or --into, and neither is there: without them nothing is written')
}
