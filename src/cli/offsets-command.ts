/** `ranktide offsets`: where everything stands in its topics, and setting that. */
import { readFile, writeFile } from 'node:fs/promises'
import { type Command, InvalidArgumentError, Option } from 'commander'
import { isLeft } from 'fp-ts/lib/Either.js'
import { RanktideError } from '../core/errors.js'
import { allowedOffsets, type OffsetSpec, parseOffsetSpec } from '../core/offset-spec.js'
import { exportText, parseExport } from '../operate/offset-file.js'
import type { PipelineChoice } from '../operate/offset-pipelines.js'
import type { OffsetsReport } from '../operate/offset-report.js'
import type { ResetTarget } from '../operate/offset-target.js'
import type { ResetReport } from '../operate/reset-offsets.js'
import type { Config } from '../runtime/config.js'
import { loadConfig, type Surroundings } from '../runtime/load-config.js'
import { CommandFailed } from './command-failed.js'
import { configOption, defaultFile } from './config-option.js'
import { offsetsText, resetText } from './offsets-text.js'

export interface OffsetsActions {
  readOffsets(config: Config, choice: PipelineChoice): Promise<OffsetsReport>
  /** Only plans unless `execute` is true. */
  resetOffsets(config: Config, choice: PipelineChoice, target: ResetTarget, execute: boolean): Promise<ResetReport>
  readonly surroundings: Surroundings
  readonly out: (text: string) => void
}

interface Words extends PipelineChoice {
  readonly config: string
  readonly json: boolean
}

interface ResetWords extends Words {
  readonly to: { readonly text: string; readonly spec: OffsetSpec }
  readonly partition?: readonly string[]
  readonly execute: boolean
}

const groupHelp = `
Boards go by positions in Redis, counters and the history by the table consumer_offsets of their database; what Kafka has
committed under the group's name is a mirror that nothing goes by. "show" has both.

Examples:
  ranktide offsets show
      where everything stands
  ranktide offsets reset --counter reads --to 2026-11-21T08:00:00+08:00
      what it would mean to count again from a time on; nothing is changed
  ranktide offsets export offsets.json
      where everything stands, to go back to by import

"ranktide offsets COMMAND --help" has more of them. docs/offsets.md tells what a reset means.
Exit codes: 0 done, or planned; 1 failed, or refused; 2 usage or configuration.`

const exitCodes = 'Exit codes: 0 done, or planned; 1 failed, or refused; 2 usage or configuration.'

const showHelp = `
FIRST and END are what the topic has (the next message gets END), NEXT is where a start reads on, LAG what is between NEXT
and END; OLDEST is the age of the message at NEXT.

Examples:
  ranktide offsets show
      a line a partition of every board, counter and the history
  ranktide offsets show --counter reads
      of one counter
  ranktide offsets show --json | jq '.pipelines[] | {name, active, lag: [.partitions[].lag] | add}'
      fields: at, pipelines[]: name, kind, group, active, activity, state, missingTopic, partitions[]: partition, first, end,
      committed, next, position, lag, lagSeconds; what is not known is null

Exit codes: 0 shown, 1 a topic does not exist or a server could not be asked, 2 usage or configuration.`

const resetHelp = `
Prints the plan: from where to where, and what it means. --execute does it, unless somebody works by these offsets.
SPEC, of --to:
${allowedOffsets.replaceAll(/(.{1,116})(?: |$)/g, '  $1\n').trimEnd()}.

Examples:
  ranktide offsets reset --counter reads --to beginning
      how many events would be counted again; nothing is changed
  ranktide offsets reset --counter reads --to 0:120,1:98 --execute
      two partitions, with all workers of the counter stopped; prints what was there before
  ranktide offsets reset --board likes --to 2026-11-21T08:00:00Z --execute
      the next start reads the feed from there again
  ranktide offsets reset --group ranktide --to end --partition 2
      one partition of every board of the group

${exitCodes}`

const exportHelp = `
Writes what "show" knows as one JSON object: where each partition of each board, counter and the history stands. Kept from
before an upgrade or a reset it is the way back, by "offsets import". Nothing but the file is written.

Examples:
  ranktide offsets export > offsets.json
      everything, to standard output
  ranktide offsets export offsets.json --counter reads
      a file that is there is not written over

Exit codes: 0 written, 1 a server could not be asked or the file not written, 2 usage or configuration.`

const importHelp = `
The same as "reset --to" with the offsets of the file: prints the plan, --execute does it. As with reset, nothing is set
while somebody works by these offsets.

Examples:
  ranktide offsets import offsets.json
      what would be set; nothing is changed
  ranktide offsets import offsets.json --counter reads --execute
      of what the file has, one counter, with all its workers stopped

${exitCodes}`

export const addOffsets = (program: Command, actions: OffsetsActions): void => {
  const group = program
    .command('offsets')
    .description('tell where boards and counters stand in their topics; set that, save it, bring it back')
    .addHelpText('after', groupHelp)
  withChoice(group.command('show').description('tell what the topics have, what is committed, and what counts'))
    .addHelpText('after', showHelp)
    .action(async (words: Words) => {
      const config = await loadConfig(words.config, actions.surroundings)
      const report = await actions.readOffsets(config, choiceOf(words))
      actions.out(words.json ? `${JSON.stringify(report)}\n` : offsetsText(report))
      if (report.pipelines.some(({ missingTopic }) => missingTopic !== null)) throw new CommandFailed()
    })
  addReset(group, actions)
  withChoice(
    group
      .command('export')
      .argument('[file]', 'default: standard output')
      .description('write what show knows into a file'),
    false,
  )
    .addHelpText('after', exportHelp)
    .action(async (file: string | undefined, words: Words) => {
      const config = await loadConfig(words.config, actions.surroundings)
      const text = exportText(await actions.readOffsets(config, choiceOf(words)))
      if (file === undefined) return actions.out(text)
      await written(file, text)
      actions.out(`Written to ${file}. To go back there: ranktide offsets import ${file}\n`)
    })
  withChoice(
    group.command('import').argument('<file>', 'of offsets export').description('set the offsets that a file has'),
  )
    .option('--execute', 'do it', false)
    .addHelpText('after', importHelp)
    .action(async (file: string, words: Words & { execute: boolean }) => {
      const config = await loadConfig(words.config, actions.surroundings)
      const target: ResetTarget = { kind: 'file', file, offsets: parseExport(await readText(file), file) }
      await reset(actions, config, words, target, `ranktide offsets import ${file}${choiceText(words)}`)
    })
}

const addReset = (group: Command, actions: OffsetsActions): void => {
  withChoice(group.command('reset').description('set where to read on: prints the plan, --execute does it'))
    .addOption(new Option('--to <spec>', 'where to').argParser(target).makeOptionMandatory())
    .addOption(new Option('--partition <list>', 'only these: 0,2 or topic/0').argParser(partitionList))
    .option('--execute', 'do it', false)
    .addHelpText('after', resetHelp)
    .action(async (words: ResetWords) => {
      const named = [words.group, words.board, words.counter, words.history].some((word) => word !== undefined)
      if (!named)
        throw new RanktideError(
          'CONFIG_INVALID',
          'ranktide offsets reset: needed: --board NAME, --counter NAME, --history or --group GROUP',
        )
      const config = await loadConfig(words.config, actions.surroundings)
      const { to, partition } = words
      const only = partition === undefined ? '' : ` --partition ${partition.join(',')}`
      const line = `ranktide offsets reset${choiceText(words)} --to ${to.text}${only}`
      await reset(actions, config, words, { kind: 'spec', spec: to.spec, partitions: partition }, line)
    })
}

const reset = async (
  actions: OffsetsActions,
  config: Config,
  words: Words & { readonly execute: boolean },
  to: ResetTarget,
  line: string,
): Promise<void> => {
  const report = await actions.resetOffsets(config, choiceOf(words), to, words.execute)
  const file = words.config === defaultFile ? '' : ` --config ${words.config}`
  actions.out(words.json ? `${JSON.stringify(report)}\n` : resetText(report, line, file))
}

const withChoice = (command: Command, json = true): Command => {
  const others = (one: string) => ['group', 'board', 'counter', 'history'].filter((name) => name !== one)
  command
    .addOption(configOption())
    .addOption(new Option('--board <name>', 'one board').conflicts(others('board')))
    .addOption(new Option('--counter <name>', 'one counter').conflicts(others('counter')))
    .addOption(new Option('--history', 'the history').conflicts(others('history')))
    .addOption(new Option('--group <name>', 'all that has this group in Kafka').conflicts(others('group')))
  return json ? command.option('--json', 'print JSON', false) : command
}

const choiceOf = ({ group, board, counter, history }: PipelineChoice): PipelineChoice => ({
  ...(group === undefined ? {} : { group }),
  ...(board === undefined ? {} : { board }),
  ...(counter === undefined ? {} : { counter }),
  ...(history === undefined ? {} : { history }),
})

const choiceText = ({ group, board, counter, history }: PipelineChoice): string => {
  if (group !== undefined) return ` --group ${group}`
  if (board !== undefined) return ` --board ${board}`
  if (counter !== undefined) return ` --counter ${counter}`
  return history === true ? ' --history' : ''
}

const target = (text: string): ResetWords['to'] => {
  const parsed = parseOffsetSpec(text)
  if (isLeft(parsed)) throw new InvalidArgumentError(parsed.left)
  return { text, spec: parsed.right }
}

const partitionList = (text: string): readonly string[] => {
  const partitions = text.split(',').map((one) => one.trim())
  if (partitions.every((one) => /^([\w.-]{1,249}\/)?\d{1,9}$/.test(one))) return partitions
  throw new InvalidArgumentError(
    'Allowed: numbers of partitions such as 0,2, or topic/0 where there are several topics.',
  )
}

const reasons: Readonly<Record<string, string>> = {
  ENOENT: 'does not exist',
  EEXIST: 'is there already; name another file, or delete it',
  EISDIR: 'is a directory',
  EACCES: 'may not be read or written by this user',
}

const readText = (file: string): Promise<string> =>
  readFile(file, 'utf8').catch((error: unknown) => refuse(file, error))

const written = (file: string, text: string): Promise<void> =>
  writeFile(file, text, { flag: 'wx' }).catch((error: unknown) =>
    refuse(file, error, { ENOENT: 'cannot be made: its folder does not exist' }),
  )

const refuse = (file: string, error: unknown, first: Readonly<Record<string, string>> = {}): never => {
  const code = error instanceof Error && 'code' in error ? String(error.code) : ''
  throw new RanktideError('OFFSETS_FILE', `${file} ${first[code] ?? reasons[code] ?? `gives ${code}`}`, {
    cause: error,
  })
}
