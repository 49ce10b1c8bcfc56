/** `ranktide history erase`: deletes reads of a user, or what is old. It is personal data, so it has to be easy. */
import { type Command, InvalidArgumentError, Option } from 'commander'
import { RanktideError } from '../core/errors.js'
import type { Config } from '../runtime/config.js'
import { parseDuration } from '../runtime/duration.js'
import { loadConfig, type Surroundings } from '../runtime/load-config.js'
import { configOption } from './config-option.js'

export type Erasure =
  | { readonly kind: 'user'; readonly uid: string }
  /** ms */
  | { readonly kind: 'older-than'; readonly age: number }

export interface HistoryActions {
  /** Resolves to how many rows were deleted. */
  eraseHistory(config: Config, what: Erasure): Promise<number>
  readonly surroundings: Surroundings
  readonly out: (text: string) => void
}

interface Words {
  readonly config: string
  readonly uid?: string
  readonly olderThan?: number
}

const largestUid = 2n ** 64n - 1n

const userId = (text: string): string => {
  if (/^(0|[1-9]\d{0,19})$/.test(text) && BigInt(text) <= largestUid) return text
  throw new InvalidArgumentError(`Allowed: a whole number from 0 to ${largestUid}.`)
}

/** A hundred years, in ms: much further back are times that no database holds. */
const longestAge = 36_500 * 86_400_000

const age = (text: string): number => {
  const found = parseDuration(text)
  if (found !== undefined && found <= longestAge) return found
  throw new InvalidArgumentError('Allowed: a duration of at most 36500d, such as 12h or 30d.')
}

const details = `
The history has the latest read of each user and item: personal data. Rows are deleted in small transactions, while the
worker goes on writing; reads that come later are kept again. What was counted stays counted.

Examples:
  ranktide history erase --uid 123
      all reads of one user
  ranktide history erase --older-than 30d
      all reads that are older, of everybody; the retention in the file does the same by itself

Exit codes: 0 deleted, also if there was nothing to delete; 1 failed, 2 usage or configuration.`

const groupDetails = `
Examples:
  ranktide history erase --uid 123
      all reads of one user

Exit codes: 0 ok, 1 failed, 2 usage or configuration.`

export const addHistory = (program: Command, actions: HistoryActions): void => {
  const group = program
    .command('history')
    .description("what is kept of each user's reads")
    .addHelpText('after', groupDetails)
  group
    .command('erase')
    .description('delete the reads of a user, or all that are older than a duration')
    .addOption(configOption())
    .addOption(new Option('--uid <number>', 'the user').argParser(userId).conflicts('olderThan'))
    .addOption(new Option('--older-than <duration>', 'such as 30d').argParser(age))
    .addHelpText('after', details)
    .action(async (words: Words) => {
      const what = erasureOf(words)
      const config = await loadConfig(words.config, actions.surroundings)
      const rows = await actions.eraseHistory(config, what)
      actions.out(`${rows} ${rows === 1 ? 'read' : 'reads'} deleted\n`)
    })
}

const erasureOf = ({ uid, olderThan }: Words): Erasure => {
  if (uid !== undefined) return { kind: 'user', uid }
  if (olderThan !== undefined) return { kind: 'older-than', age: olderThan }
  throw new RanktideError('CONFIG_INVALID', 'ranktide history erase: needed: --uid NUMBER or --older-than DURATION')
}
