/** `ranktide dead-letters retry` and `discard`: which letters, what is told of them, and the exit code. */
import { type Command, InvalidArgumentError, Option } from 'commander'
import { RanktideError } from '../core/errors.js'
import { isoTime } from '../core/iso-time.js'
import type { LetterChoice } from '../operate/choose-letters.js'
import type { SettleReport } from '../operate/settle-letters.js'
import type { Config } from '../runtime/config.js'
import { loadConfig, type Surroundings } from '../runtime/load-config.js'
import { CommandFailed } from './command-failed.js'
import { letterId } from './dead-letters-text.js'
import { type FileWords, type FilterWords, filterOf, letterNumber, withFile, withFilter } from './letter-words.js'
import { textTable } from './text-table.js'

export interface SettleLettersActions {
  retryDeadLetters(
    config: Config,
    choice: LetterChoice,
    options: { readonly dryRun: boolean; readonly unconfirmed: boolean },
  ): Promise<SettleReport>
  discardDeadLetters(
    config: Config,
    choice: LetterChoice,
    reason: string,
    options: { readonly dryRun: boolean },
  ): Promise<SettleReport>
  readonly surroundings: Surroundings
  readonly out: (text: string) => void
}

interface ChoiceWords extends FileWords, FilterWords {
  readonly all: boolean
  readonly dryRun: boolean
}

const retryExamples = `
An event of a counter is produced again to its topic, for that counter alone, in one transaction with the note that it
was: it is counted once, however often this is run. A message of a board is never produced again, since an old row image
would set the row back: its letter is closed as "healed" once the message is understood and its boards were read anew.
What is still refused stays open.

Examples:
  ranktide dead-letters retry 0/42 0/43
      two letters, by their ids in list
  ranktide dead-letters retry --feed counters.reads --code COUNT_OVERFLOW --dry-run
      after the column was made wider: how many would be retried, and which not, and why
  ranktide dead-letters retry --all
      every open letter

JSON: {dryRun, retried, healed, discarded, already: [{id, outcome, at, by, reason}], left, leftFirst: [{id, code, why}],
stopped, untold}
Exit codes: 0 none of them is open any more, 1 some are or it failed, 2 usage or configuration.`

const discardExamples = `
Closes letters without using them: their events stay uncounted, and their messages unread. The letters stay in their topic.
The reason is kept with your name, this host and the time: "list --all" and "show" print them.

Examples:
  ranktide dead-letters discard 0/42 --reason "sent by a load test"
      one letter, by its id in list
  ranktide dead-letters discard --code PARSE --since 2h --reason "a producer wrote text, mended in 1.4.2"
      all of one code of the last two hours
  ranktide dead-letters discard --feed shop.items --all --reason "boards were rebuilt" --dry-run
      how many of a feed would be discarded; nothing is

JSON: as of retry.
Exit codes: 0 discarded, also if they were settled before, 1 failed, 2 usage or configuration.`

const withChoice = (command: Command): Command =>
  withFile(withFilter(command))
    .argument('[ids...]', 'as list prints them, such as 0/42', (text: string, before: number[] | undefined) => [
      ...(before ?? []),
      letterNumber(text),
    ])
    .option('--all', 'all that are open, or that match the filter', false)
    .option('--dry-run', 'say what would be done, and do nothing', false)

export const addRetry = (group: Command, actions: SettleLettersActions): void => {
  withChoice(group.command('retry').description('use refused messages after all, each once'))
    .option('--unconfirmed', 'also events that may have been counted: see docs/dead-letters.md', false)
    .addHelpText('after', retryExamples)
    .action(async (ids: number[] | undefined, words: ChoiceWords & { unconfirmed: boolean }) => {
      const choice = choiceOf('retry', ids ?? [], words)
      const { dryRun, unconfirmed } = words
      const config = await loadConfig(words.config, actions.surroundings)
      tell(actions, words, await actions.retryDeadLetters(config, choice, { dryRun, unconfirmed }))
    })
}

const longestReason = 500

const reasonOf = (text: string): string => {
  const reason = text.trim()
  if (reason !== '' && reason.length <= longestReason) return reason
  throw new InvalidArgumentError(`Allowed: why they will never be used, in at most ${longestReason} characters.`)
}

export const addDiscard = (group: Command, actions: SettleLettersActions): void => {
  const reason = new Option('--reason <text>', 'why they will never be used').argParser(reasonOf).makeOptionMandatory()
  withChoice(group.command('discard').description('close letters of messages that will never be used'))
    .addOption(reason)
    .addHelpText('after', discardExamples)
    .action(async (ids: number[] | undefined, words: ChoiceWords & { reason: string }) => {
      const choice = choiceOf('discard', ids ?? [], words)
      const { dryRun } = words
      const config = await loadConfig(words.config, actions.surroundings)
      tell(actions, words, await actions.discardDeadLetters(config, choice, words.reason, { dryRun }))
    })
}

const choiceOf = (command: string, ids: readonly number[], words: ChoiceWords): LetterChoice => {
  const filter = filterOf(words)
  const filters = Object.keys(filter).map((name) => `--${name}`)
  if (ids.length > 0) {
    const [other] = [...filters, ...(words.all ? ['--all'] : [])]
    if (other === undefined) return { kind: 'ids', ids }
    throw usage(command, `ids and ${other} exclude each other`)
  }
  if (filters.length === 0 && !words.all) throw usage(command, 'needed: ids, a filter such as --code PARSE, or --all')
  return { kind: 'filter', filter }
}

const usage = (command: string, detail: string): RanktideError =>
  new RanktideError('CONFIG_INVALID', `ranktide dead-letters ${command}: ${detail}`)

const tell = ({ out }: SettleLettersActions, { json }: FileWords, report: SettleReport): void => {
  out(json ? `${JSON.stringify(reportJson(report))}\n` : reportText(report))
  if (report.left > 0 || report.stopped) throw new CommandFailed()
}

const reportText = (report: SettleReport): string => {
  const { dryRun, retried, healed, discarded, already, left, leftFirst, stopped, untold } = report
  const would = dryRun ? 'would be ' : ''
  const done: readonly [number, string][] = [
    [retried, `${would}retried`],
    [healed, `${would}closed as healed`],
    [discarded, `${would}discarded`],
    [already.length, 'settled before'],
    [left, 'left open'],
  ]
  const told = done.filter(([count]) => count > 0).map(([count, what]) => `${count} ${what}`)
  const before = already.map(
    ({ id, settlement: { outcome, at, by } }) => `${letterId(id)} was ${outcome} at ${isoTime(at)} by ${by}\n`,
  )
  const rows = leftFirst.map(({ id, code, why }) => [letterId(id), code, why])
  const table = rows.length === 0 ? '' : textTable(['LEFT', 'CODE', 'WHY'], rows)
  const sum = told.length === 0 ? 'no open letters match' : told.join(', ')
  return [
    ...before,
    table,
    left > leftFirst.length ? `… and ${left - leftFirst.length} more\n` : '',
    `${dryRun ? 'dry run, nothing was done: ' : ''}${sum}\n`,
    stopped ? 'stopped before all were looked at: run it again for the others\n' : '',
    untold === 0 ? '' : `${untold} newer ones were not looked at: run it again\n`,
  ].join('')
}

const reportJson = ({ already, leftFirst, ...rest }: SettleReport) => ({
  ...rest,
  already: already.map(({ id, settlement }) => ({ id: letterId(id), ...settlement, at: isoTime(settlement.at) })),
  leftFirst: leftFirst.map((letter) => ({ ...letter, id: letterId(letter.id) })),
})
