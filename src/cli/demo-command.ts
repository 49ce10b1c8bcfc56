/** `ranktide demo`: what is asked for on the command line. */
import { type Command, Option } from 'commander'
import { CommandFailed } from './command-failed.js'
import { wholeNumber } from './whole-number.js'

export interface DemoWords {
  /** Infinity: until it is stopped. */
  readonly seconds: number
  readonly port: number
  readonly inProcess: boolean
  readonly builtInRedis: boolean
}

export interface DemoActions {
  /** Resolves to whether counts and boards were right at the end. */
  runDemo(words: DemoWords): Promise<boolean>
}

const details = `
Starts a table of articles in memory, writers and readers on it, Canal's messages of that, a counter, two boards and HTTP,
all in this process, and draws the boards while they move. Where a redis-server and node-rdkafka are there they are used,
else what is built in. At the end the counts are compared with the reads that were sent, and the boards with their table.

Examples:
  ranktide demo
      until Ctrl-C
  ranktide demo --seconds 10 --port 8081
      ends by itself; meanwhile http://127.0.0.1:8081/boards/likes and /boards/reads can be read

Exit codes: 0 counts and boards were right at the end, 1 not, 2 usage.`

export const addDemo = (program: Command, actions: DemoActions): void => {
  program
    .command('demo')
    .description(
      'show a counter and two boards under traffic in this one process: no Kafka, Redis or database is needed',
    )
    .addOption(
      new Option('--seconds <n>', 'end after so many seconds of traffic')
        .argParser(wholeNumber(1, 999_999))
        .default(Number.POSITIVE_INFINITY, 'until Ctrl-C'),
    )
    .addOption(
      new Option('--port <n>', 'the port of HTTP').argParser(wholeNumber(0, 65_535)).default(0, 'any free one'),
    )
    .option('--in-process', "without librdkafka's mock of Kafka, even where node-rdkafka is there", false)
    .option('--built-in-redis', 'with the Redis that is built in, even where a redis-server is there', false)
    .addHelpText('after', details)
    .action(async (words: DemoWords) => {
      if (!(await actions.runDemo(words))) throw new CommandFailed()
    })
}
