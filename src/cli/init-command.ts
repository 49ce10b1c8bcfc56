/**
 * `ranktide init`: the configuration goes to standard output or a file, what is to be done beside it to standard error, so
 * that `ranktide init URL > ranktide.yaml` keeps one and shows the other.
 */
import { existsSync } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import { Argument, type Command, Option } from 'commander'
import { RanktideError } from '../core/errors.js'
import { checkWish } from '../init/candidates.js'
import { configText } from '../init/config-text.js'
import { checkWords, databaseUrlOf, redisUrlOf } from '../init/init-url.js'
import type { Proposal } from '../init/proposal.js'
import type { InitOptions } from '../init/propose.js'
import { stepsText } from '../init/steps-text.js'

export interface InitActions {
  /** Looks at the database; rejects with what was wrong. */
  proposeConfig(options: InitOptions): Promise<Proposal>
  readonly surroundings: { readonly environment: Readonly<Record<string, string | undefined>> }
  readonly out: (text: string) => void
  readonly error: (text: string) => void
}

interface Words {
  readonly table: readonly string[]
  readonly board: readonly string[]
  readonly topic?: string
  readonly kafka?: string
  readonly redis?: string
  readonly output?: string
  readonly force: boolean
}

const gather = (word: string, before: readonly string[]): readonly string[] => [...before, word]

const details = `
Looks for tables that can be ranked, takes the best guess as a board, and prints a configuration; and beside it, on standard
error, the indexes and grants that are missing and how Canal has to be set. Nothing is written to the database, and
passwords are not written into the file: it takes them from the variables MYSQL_PASSWORD and REDIS_PASSWORD.

Examples:
  ranktide init mysql://app:secret@db.example.com:3306/shop > ranktide.yaml
      the best guess as a board, further ones as comments; what to do in the database and in Canal is shown beside
  MYSQL_PASSWORD=secret ranktide init mysql://app@db.example.com/shop --output ranktide.yaml
      the same without the password on the command line
  ranktide init mysql://app:secret@localhost/shop --board hot=articles.score --board likes=articles.like_cnt
      two boards, by columns of your choice

Environment: MYSQL_PASSWORD is the password where the URL has none.
Files: the one of --output is written, and no other; without --force only if it is not there.
Exit codes: 0 a configuration was printed or written, 1 the database could not be asked, 2 usage.`

export const addInit = (program: Command, actions: InitActions): void => {
  program
    .command('init')
    .description('look at a database and propose a configuration, indexes, grants and the settings of Canal')
    .addArgument(
      new Argument('<url>', 'mysql://user:password@host:port/database; a user who may only SELECT is enough'),
    )
    .addOption(new Option('--table <table>', 'only this table; repeatable').argParser(gather).default([], 'all'))
    .addOption(
      new Option('--board <name[=column]>', 'a proposed board, or NAME=COLUMN, NAME=TABLE.COLUMN; repeatable')
        .argParser(gather)
        .default([], 'the best guess'),
    )
    .option('--topic <topic>', 'the topic that Canal writes')
    .option('--kafka <brokers>', 'host:port of the brokers, separated by commas')
    .option('--redis <url>', 'redis://host:port')
    .option('-o, --output <file>', 'write the configuration there instead of to standard output')
    .option('-f, --force', 'overwrite that file', false)
    .addHelpText('after', details)
    .action((url: string, words: Words) => init(url, words, actions).catch(asUsage))
}

/** A wrong word on the command line is told under the program's name, not as a line of a file. */
const asUsage = (error: unknown): never => {
  if (!(error instanceof RanktideError) || error.code !== 'CONFIG_INVALID') throw error
  throw new RanktideError('CONFIG_INVALID', `ranktide init: ${error.detail}`, { cause: error })
}

const init = async (url: string, words: Words, actions: InitActions): Promise<void> => {
  const { table, board, topic, kafka, redis, output, force } = words
  if (output !== undefined && !force && existsSync(output)) throw taken(output)
  checkWords(kafka, topic)
  for (const wish of board) checkWish(wish)
  const proposal = await actions.proposeConfig({
    url: databaseUrlOf(url, actions.surroundings.environment.MYSQL_PASSWORD),
    tables: table,
    boards: board,
    topic,
    brokers: kafka,
    redis: redis === undefined ? undefined : redisUrlOf(redis),
    file: output,
  })
  const text = configText(proposal)
  if (output === undefined) actions.out(text)
  else await write(output, text, force)
  actions.error(`${output === undefined ? '' : `${output} is written.\n\n`}${stepsText(proposal)}`)
}

const taken = (file: string): RanktideError =>
  new RanktideError('CONFIG_INVALID', `--output ${file}: the file exists; --force overwrites it`)

/** Another process may have made the file meanwhile: it is not overwritten either. */
const write = async (file: string, text: string, force: boolean): Promise<void> => {
  try {
    await writeFile(file, text, { flag: force ? 'w' : 'wx' })
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? ''
    if (code === 'EEXIST') throw taken(file)
    throw new RanktideError('CONFIG_INVALID', `--output ${file} cannot be written: ${code}`, { cause: error })
  }
}
