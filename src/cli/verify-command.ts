/** `ranktide verify`: the boards in Redis against the SQL query, and with `--heal` repairs by their owner. */
import { type Command, InvalidArgumentError, Option } from 'commander'
import type { VerifyResult, VerifyWish } from '../operate/verify-result.js'
import type { Config } from '../runtime/config.js'
import { parseDuration } from '../runtime/duration.js'
import { loadConfig, type Surroundings } from '../runtime/load-config.js'
import { CommandFailed } from './command-failed.js'
import { configOption } from './config-option.js'
import { verifyText } from './verify-text.js'

export interface VerifyActions {
  /** Rejects where a server cannot be asked, and for boards that there are not. */
  verify(config: Config, wish: VerifyWish): Promise<VerifyResult>
  readonly surroundings: Surroundings
  readonly out: (text: string) => void
}

interface Words {
  readonly config: string
  readonly board: readonly string[]
  readonly per?: string
  readonly timeout: number
  readonly heal: boolean
  readonly json: boolean
}

const timeout = (text: string): number => {
  const found = parseDuration(text)
  if (found !== undefined && found >= 1_000 && found <= 3_600_000) return found
  throw new InvalidArgumentError('Allowed: a duration from 1s to 1h, such as 30s.')
}

const collect = (name: string, names: readonly string[]): readonly string[] => [...names, name]

const help = `
Reads each board's table in a snapshot, waits until the board's owner has confirmed what is in Redis as of later than
that, and compares members, scores and rows. Where they are not equal it reads both again, until what differs has
differed eight times while one side stood still: rows that move meanwhile are no difference.
Asks MySQL or MariaDB and Redis; writes a marker row a snapshot where markers may be written, and nothing to Redis
without --heal. Foreign writes are found only while they last: a living owner repairs them within seconds.

  ok         equal
  differs    with a table of what: missing (not in Redis), foreign (not in the table), score, a column, row (its text)
  stale      its owner has not confirmed it in time: nobody owns the feed, or the owner hangs, or its feed is silent
  not there  Redis has no such board, or --per names a group that there is not

Examples:
  ranktide verify
      all boards of ./ranktide.yaml, split boards with all their groups
  ranktide verify --board likes --per article
      one group of a split board
  ranktide verify --heal
      asks the owner to read boards that are not ok anew, and verifies them again
  ranktide verify --json | jq '.boards[] | select(.status != "ok")'
      one JSON object, whose fields docs/verify.md names

Exit codes: 0 all equal (with --heal: now); 1 a board is not ok, or a server could not be asked; 2 usage or configuration.`

export const addVerify = (program: Command, actions: VerifyActions): void => {
  program
    .command('verify')
    .description('compare the boards in Redis with their tables')
    .addOption(configOption())
    .addOption(new Option('-b, --board <name>', 'this board; may be repeated').argParser(collect).default([], 'all'))
    .option('--per <value>', 'this group of a split board')
    .addOption(
      new Option('--timeout <duration>', 'how long a board may go unconfirmed')
        .argParser(timeout)
        .default(30_000, '30s'),
    )
    .option('--heal', 'have the owner repair what is not ok, and verify it again', false)
    .option('--json', 'print JSON', false)
    .addHelpText('after', help)
    .action(async ({ board: boards, per, timeout: timeoutMs, heal, json, config: file }: Words) => {
      const config = await loadConfig(file, actions.surroundings)
      const result = await actions.verify(config, { boards, per, timeoutMs, heal })
      actions.out(json ? `${JSON.stringify(result)}\n` : verifyText(result))
      if (!result.ok) throw new CommandFailed()
    })
}
