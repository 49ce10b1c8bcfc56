/** `ranktide replay`: what a range of topics, or a file of recorded messages, comes to as a board. */
import { type Command, Option } from 'commander'
import type { ReplayWords } from '../replay/replay-words.js'
import type { ReplayReport, ReplaySurroundings } from '../replay/run-replay.js'
import type { Config } from '../runtime/config.js'
import { loadConfig, type Surroundings } from '../runtime/load-config.js'
import { configOption } from './config-option.js'
import { progressBar } from './progress-bar.js'
import { replayJson, replayText } from './replay-report.js'

export interface ReplayActions {
  replay(config: Config, words: ReplayWords, surroundings: ReplaySurroundings): Promise<ReplayReport>
  readonly surroundings: Surroundings
  /** Ctrl-C, SIGTERM and the like, from the call on. */
  stopSignal(): AbortSignal
  readonly out: (text: string) => void
  readonly error: (text: string) => void
  /** Where a progress bar is drawn, if it is a terminal. */
  readonly errorStream: NodeJS.WritableStream & { readonly isTTY?: boolean }
}

interface Options {
  readonly config: string
  readonly board: string
  readonly from: string
  readonly to: string
  readonly topic?: readonly string[]
  readonly file?: string
  readonly seedFromDatabase: boolean
  readonly checkpoint?: string
  readonly per?: string
  readonly into?: string
  readonly apply: boolean
  readonly force: boolean
  readonly json: boolean
}

const about = `
Reads a range of the board's topics again, from --from up to but not including --to, through the same pipeline as "run",
and prints the board that it comes to and how the live one in Redis differs. That is a dry run: nothing is written unless
--into or --apply is given. Rows come from the range alone: the database is asked for the table's columns only, never for
today's rows, unless --seed-from-database says so. The same range gives the same board, byte for byte.

Offsets (--from, --to):
  beginning, end, committed     of each partition; "committed" is where the worker's group stands
  120                           the same offset in every partition
  0:120,1:98                    by partition, those that are not named are not read; topic/0:120 with several topics
  2026-11-21T08:00:00+08:00     the first message at or after a time, which needs its zone (Z, or +08:00)

A board that rests on a range that does not tell all rows says "assumed" and why: a range that begins in the middle lacks
what was last written before it. Messages that cannot be read are counted, and make the board "degraded".

Examples:
  ranktide replay --board likes
      from the beginning of its topics to their end
  ranktide replay --board likes --from 2026-11-21T08:00:00Z --to 2026-11-21T09:00:00Z --seed-from-database
      an hour, on top of the rows that the database has now
  ranktide replay --board likes --checkpoint /var/tmp/likes.gz
      goes on where it was after Ctrl-C, kill -9 or a server that was down, when it is typed again
  ranktide replay --board likes --file recorded.jsonl.gz --json | jq '.board[0]'
      messages from a file, one a line, no Kafka needed
  ranktide replay --board likes --into likes:replayed
      also writes it to Redis, under a key that nobody else uses
  ranktide replay --board likes --apply
      also swaps it in for readers; refused while a worker holds the feed

--json prints one object: {messages, rows, refused, seconds, board: [{key, score, …columns}], diff: {enter, leave, change},
name, state, reason, from, to}; rows of a split board have "per", rows in diff.change have "was".

Exit codes: 0 done, whether or not the live board differs; 1 failed, or stopped; 2 usage or configuration.`

export const addReplay = (program: Command, actions: ReplayActions): void => {
  program
    .command('replay')
    .description(
      'what a range of the topics, or a file of messages, comes to as a board; a dry run unless told otherwise',
    )
    .addOption(configOption())
    .requiredOption('-b, --board <name>', 'the board, as the configuration names it')
    .addOption(new Option('--from <offset>', 'the first offset that is read').default('beginning'))
    .addOption(new Option('--to <offset>', 'the first offset that is not read').default('end'))
    .option('--topic <topic...>', "instead of the board's topics")
    .option(
      '--file <file>',
      'messages from a file, one a line (JSON; may be compressed by gzip), instead of from Kafka',
    )
    .option('--seed-from-database', 'begin with the rows that the table has now', false)
    .option('--checkpoint <file>', 'keep there what was read so far, and go on from it; compressed if it ends in .gz')
    .option('--per <value>', 'of a split board, only the group of this value')
    .option('--into <key>', 'write the board to this sorted set as well')
    .option('--apply', 'swap the board in for the live one', false)
    .option('--force', 'with --apply: take the board from a running owner; with --into: replace what is there', false)
    .option('--json', 'print one JSON object', false)
    .addHelpText('after', about)
    .action(async (options: Options) => {
      const config = await loadConfig(options.config, actions.surroundings)
      const bar = progressBar(actions.errorStream)
      const surroundings: ReplaySurroundings = {
        progress: (told) => bar.tell(told),
        note: (text) => actions.error(`${text}\n`),
        stop: actions.stopSignal(),
      }
      const report = await actions.replay(config, wordsOf(options), surroundings).finally(() => bar.end())
      actions.out(options.json ? replayJson(report) : replayText(report))
    })
}

const wordsOf = (options: Options): ReplayWords => {
  const { board, from, to, topic = [], file, seedFromDatabase: seed, checkpoint, per, into, apply, force } = options
  return { board, from, to, topics: topic, file, seed, checkpoint, per, into, apply, force }
}
