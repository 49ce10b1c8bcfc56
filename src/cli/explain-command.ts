/** `ranktide explain`: why a row is, or is not, on a board. */
import { type Command, InvalidArgumentError, Option } from 'commander'
import type { ExplainRequest } from '../operate/explain.js'
import type { Explanation } from '../operate/explanation-report.js'
import type { Config } from '../runtime/config.js'
import { parseDuration } from '../runtime/duration.js'
import { loadConfig, type Surroundings } from '../runtime/load-config.js'
import { CommandFailed } from './command-failed.js'
import { configOption } from './config-option.js'
import { explanationText } from './explain-text.js'

export interface ExplainActions {
  /** `progress` is told how many messages were searched. Never rejects for a server that cannot be asked. */
  explain(config: Config, request: ExplainRequest, progress: (messages: number) => void): Promise<Explanation>
  /** Writes over the line that it wrote last on standard error; nothing where that is no terminal. */
  readonly overwrite: (text: string) => void
  readonly surroundings: Surroundings
  readonly out: (text: string) => void
}

interface Words {
  readonly config: string
  readonly per?: string
  readonly scan: number
  readonly json: boolean
}

const duration = (text: string): number => {
  const found = parseDuration(text)
  if (found !== undefined && found <= 36_500 * 86_400_000) return found
  throw new InvalidArgumentError('Allowed: a duration such as 10m or 7d; 0s searches nothing.')
}

const help = `
KEY is the member as it stands in Redis (78; of several key columns article:3) or names the columns of the key
(id=78; biz=article,biz_id=3). What is compared: the row in the table, the filter and the score of that row, the newest
message of it in the stream, and what Redis holds. Nothing is written.

Examples:
  ranktide explain likes 78
      whether row 78 is on the board, which rank it has or what it lacks, and whether table, stream and Redis agree
  ranktide explain likes biz=article,biz_id=3 --per article
      of a split board the group of one value; without --per that of the row
  ranktide explain likes 78 --scan 7d --json
      searches further back for its newest message (by default an hour, at most 1,000,000 messages); one JSON object

Exit codes: 0 explained, whether or not it is on the board; 1 something could not be asked; 2 usage or configuration, also
for a board that is not there, or a key that cannot be.`

export const addExplain = (program: Command, actions: ExplainActions): void => {
  program
    .command('explain')
    .description('tell why a row is, or is not, on a board')
    .argument('<board>', 'its name in the configuration')
    .argument('<key>', 'the key of the row')
    .addOption(configOption())
    .addOption(new Option('--per <value>', 'which board of a split one'))
    .addOption(
      new Option('--scan <duration>', 'how far back the stream is searched')
        .argParser(duration)
        .default(3_600_000, '1h'),
    )
    .option('--json', 'print JSON', false)
    .addHelpText('after', help)
    .action(async (board: string, key: string, words: Words) => {
      const config = await loadConfig(words.config, actions.surroundings)
      const request = { board, key, per: words.per, scanMs: words.scan }
      const explanation = await actions.explain(config, request, (messages) =>
        actions.overwrite(`${messages} messages searched`),
      )
      actions.overwrite('')
      actions.out(words.json ? `${JSON.stringify(explanation)}\n` : explanationText(explanation))
      if (explanation.problems.length > 0) throw new CommandFailed()
    })
}
