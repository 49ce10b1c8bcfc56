/**
 * The commands of `ranktide`. What they do with servers is passed in; what they print and how they exit is here.
 * Exit codes: 0 ok, 1 failed, 2 usage or configuration.
 */
import { Command, CommanderError, Help, Option } from 'commander'
import { asRanktideError, RanktideError } from '../core/errors.js'
import type { Config } from '../runtime/config.js'
import { configJsonSchema } from '../runtime/config-json-schema.js'
import { type ConfigPart, configParts, partOf } from '../runtime/config-part.js'
import { loadConfig, type Surroundings } from '../runtime/load-config.js'
import { createLog, type Log } from '../runtime/log.js'
import { hidePasswords } from '../runtime/secrets.js'
import { CommandFailed } from './command-failed.js'
import { configOption } from './config-option.js'
import { addDeadLetters, type DeadLettersActions } from './dead-letters-command.js'
import { addDemo, type DemoActions } from './demo-command.js'
import { describeBoard } from './describe-board.js'
import { describeCounter, describeHistory } from './describe-counter.js'
import { addDoctor, type DoctorActions } from './doctor-command.js'
import { addExplain, type ExplainActions } from './explain-command.js'
import { addHelp } from './help-command.js'
import { addHistory, type HistoryActions } from './history-command.js'
import { addInit, type InitActions } from './init-command.js'
import { addMigrate, type MigrateActions } from './migrate-command.js'
import { addOffsets, type OffsetsActions } from './offsets-command.js'
import { checkHelp, configHelp, programHelp, runHelp, schemaHelp } from './program-help.js'
import { addReplay, type ReplayActions } from './replay-command.js'
import { addStatus, type StatusActions } from './status-command.js'
import { addVerify, type VerifyActions } from './verify-command.js'
import { packageVersion } from './version.js'

/** What `config check --connect` found out about one server, topic, table or index. */
export interface ConnectionFinding {
  readonly name: string
  /** A warning keeps nothing from starting. */
  readonly level: 'ok' | 'warning' | 'error'
  /** One sentence; no secrets. */
  readonly detail: string
}

export interface ProgramActions
  extends InitActions,
    DemoActions,
    HistoryActions,
    MigrateActions,
    OffsetsActions,
    ReplayActions,
    StatusActions,
    VerifyActions,
    DeadLettersActions,
    DoctorActions,
    ExplainActions {
  /** Runs until the process is told to stop; rejects with what made it stop by itself. `load` reads the file again. */
  runWorker(config: Config, log: Log, load: () => Promise<Config>): Promise<void>
  /** Asks every server once; never rejects for one that cannot be reached. */
  checkConnections(config: Config): Promise<readonly ConnectionFinding[]>
  readonly surroundings: Surroundings
  /** Standard output and standard error, as texts that end their lines themselves. */
  readonly out: (text: string) => void
  readonly error: (text: string) => void
}

interface FileOption {
  readonly config: string
}

const addRun = (program: Command, actions: ProgramActions): void => {
  program
    .command('run')
    .description('keep the boards of the configuration up to date and serve them, and count, until stopped')
    .addOption(configOption())
    .addOption(new Option('--only <part>', 'run a part of the configuration').choices(configParts))
    .addHelpText('after', runHelp)
    .action(async ({ config: file, only }: FileOption & { only?: ConfigPart }) => {
      const load = async (): Promise<Config> => {
        const loaded = await loadConfig(file, actions.surroundings)
        return only === undefined ? loaded : partOf(loaded, only)
      }
      const config = await load()
      await actions.runWorker(config, createLog(config), load)
    })
}

const addConfig = (program: Command, actions: ProgramActions): void => {
  const group = program
    .command('config')
    .description('check the configuration, or print its JSON Schema')
    .addHelpText('after', configHelp)
  group
    .command('check')
    .description('tell all that is wrong with the configuration, or what it asks for')
    .addOption(configOption())
    .option('--connect', 'also ask the servers: can they be reached, do topics, tables and indexes exist', false)
    .addHelpText('after', checkHelp)
    .action(async ({ config: file, connect }: FileOption & { connect: boolean }) => {
      const config = await loadConfig(file, actions.surroundings)
      for (const board of config.boards) actions.out(`${describeBoard(board)}\n`)
      for (const counter of config.counters) actions.out(`${describeCounter(counter)}\n`)
      if (config.history !== undefined) actions.out(`${describeHistory(config.history)}\n`)
      if (connect) await checkServers(config, actions)
    })
  group
    .command('schema')
    .description('print the JSON Schema of the configuration, for editors')
    .addHelpText('after', schemaHelp)
    .action(() => actions.out(`${JSON.stringify(configJsonSchema(), null, 2)}\n`))
}

const signs = { ok: '+', warning: '!', error: '-' } as const

const checkServers = async (config: Config, actions: ProgramActions): Promise<void> => {
  const findings = await actions.checkConnections(config)
  for (const { name, level, detail } of findings) actions.out(`[${signs[level]}]${name} ${detail}\n`)
  if (findings.some(({ level }) => level === 'error')) throw new CommandFailed()
}

/** A switch is off unless it is given: that it is "default: false" says nothing. */
const optionDescription = (option: Option): string =>
  new Help().optionDescription(option).replace(' (default: false)', '')

export const buildProgram = (actions: ProgramActions): Command => {
  const program = new Command('ranktide')
    .description('live, exact Top-N boards from the row changes of a SQL table, kept in Redis; and counters of events')
    .version(packageVersion(), '-V, --version')
    .exitOverride()
    .configureOutput({ writeOut: actions.out, writeErr: actions.error })
    .configureHelp({ optionDescription })
    .showSuggestionAfterError()
    .showHelpAfterError('(--help tells what is allowed)')
    .addHelpText('after', programHelp)
  addRun(program, actions)
  addConfig(program, actions)
  addReplay(program, actions)
  addMigrate(program, actions)
  addStatus(program, actions)
  addExplain(program, actions)
  addVerify(program, actions)
  addOffsets(program, actions)
  addHistory(program, actions)
  addDeadLetters(program, actions)
  addInit(program, actions)
  addDoctor(program, actions)
  addDemo(program, actions)
  addHelp(program)
  return program
}

/** Runs one command line (without node and script); resolves to the exit code and never rejects. */
export const runProgram = async (actions: ProgramActions, line: readonly string[]): Promise<number> => {
  try {
    await buildProgram(actions).parseAsync(line, { from: 'user' })
    return 0
  } catch (error) {
    if (error instanceof CommandFailed) return 1
    // Commander has printed its sentence already; asking for help or the version is its only success.
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2
    return tellError(error, actions)
  }
}

const tellError = (error: unknown, actions: ProgramActions): number => {
  const known = asRanktideError(error)
  if (known.code === 'CONFIG_INVALID') {
    // Lines that begin with the file, as those of a compiler. They hide secrets themselves.
    actions.error(`${known.detail}\n`)
    return 2
  }
  const stack = error instanceof RanktideError ? undefined : (error as Error | undefined)?.stack
  actions.error(
    `${hidePasswords(`ranktide: ${known.code}: ${known.message}${stack === undefined ? '' : `\n${stack}`}`)}\n`,
  )
  return known.code === 'CONFIG_READ' ? 2 : 1
}
