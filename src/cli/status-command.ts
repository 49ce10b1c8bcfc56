/** `ranktide status`: how boards, feeds and counters stand, asked from outside. */
import { type Command, InvalidArgumentError, Option } from 'commander'
import type { Status } from '../operate/status.js'
import type { Config } from '../runtime/config.js'
import { parseDuration } from '../runtime/duration.js'
import { loadConfig, type Surroundings } from '../runtime/load-config.js'
import { CommandFailed } from './command-failed.js'
import { configOption } from './config-option.js'
import { statusText } from './status-text.js'
import { drawn, enterScreen, leaveScreen, type Terminal } from './watch-screen.js'

export interface StatusActions {
  /** What it returns looks once, and never rejects for a server that cannot be asked. */
  statusReader(config: Config): Promise<() => Promise<Status>>
  /** Aborted by Ctrl-C or SIGTERM from now on, which do not end the process any more. */
  stopSignal(): AbortSignal
  /** Undefined: standard output is none. */
  terminal(): Terminal | undefined
  readonly surroundings: Surroundings
  readonly out: (text: string) => void
}

interface Words {
  readonly config: string
  readonly watch?: number | true
  readonly json: boolean
}

const defaultInterval = 2_000

const interval = (text: string): number => {
  const found = parseDuration(text)
  if (found !== undefined && found >= 200 && found <= 86_400_000) return found
  throw new InvalidArgumentError('Allowed: a duration from 200ms to 24h, such as 5s.')
}

const help = `
Asks Redis for boards and leases, Kafka for the ends of the topics and, with counters, the database for their offsets.
No worker is asked: it does not matter where one runs, or whether one does. Nothing is written.

Examples:
  ranktide status
      a line a board, feed and counter: state, age, rows, lag, owner; what is behind; what could not be asked
  ranktide status --watch
      the same, every 2 s, until Ctrl-C; into a file or a pipe one block after the other
  ranktide status --json | jq '.boards[] | select(.state != "exact")'
      one JSON object, whose fields docs/inspect.md names; with --watch one a line

Exit codes: 0 all is well; 1 a board is stale or degraded, a counter's next event is gone from its topic, or a server could
not be asked; 2 usage or configuration. With --watch: 0 once it is stopped.`

export const addStatus = (program: Command, actions: StatusActions): void => {
  program
    .command('status')
    .description('tell how the boards, feeds and counters of the configuration stand')
    .addOption(configOption())
    .addOption(new Option('-w, --watch [interval]', 'again and again, by default every 2s').argParser(interval))
    .option('--json', 'print JSON', false)
    .addHelpText('after', help)
    .action(async (words: Words) => {
      const config = await loadConfig(words.config, actions.surroundings)
      const read = await actions.statusReader(config)
      if (words.watch !== undefined) return watch(read, words, actions)
      const status = await read()
      actions.out(textOf(status, words))
      if (!status.well) throw new CommandFailed()
    })
}

const textOf = (status: Status, { json }: Words): string => (json ? `${JSON.stringify(status)}\n` : statusText(status))

const watch = async (read: () => Promise<Status>, words: Words, actions: StatusActions): Promise<void> => {
  const every = words.watch === true || words.watch === undefined ? defaultInterval : words.watch
  const stop = actions.stopSignal()
  const onScreen = actions.terminal() !== undefined && !words.json
  if (onScreen) actions.out(enterScreen)
  try {
    while (!stop.aborted) {
      const status = await unlessStopped(read(), stop)
      if (status === undefined) break
      const text = words.json ? textOf(status, words) : `${status.at}\n\n${textOf(status, words)}`
      const terminal = onScreen ? actions.terminal() : undefined
      actions.out(terminal !== undefined ? drawn(text, terminal) : words.json ? text : `${text}\n`)
      await unlessStopped(new Promise((resolve) => setTimeout(resolve, every)), stop)
    }
  } finally {
    if (onScreen) actions.out(leaveScreen)
  }
}

/** Undefined as soon as it is stopped. */
const unlessStopped = <T>(work: Promise<T>, stop: AbortSignal): Promise<T | undefined> => {
  if (stop.aborted) return Promise.resolve(undefined)
  return new Promise((resolve, reject) => {
    const stopped = () => resolve(undefined)
    stop.addEventListener('abort', stopped, { once: true })
    work.then(resolve, reject).finally(() => stop.removeEventListener('abort', stopped))
  })
}
