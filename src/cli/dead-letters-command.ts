/** `ranktide dead-letters`: what was refused, why, and what became of it. */
import { type Command, Option } from 'commander'
import type { LetterList, ListOptions } from '../operate/dead-letters.js'
import type { ShownLetter } from '../operate/show-letter.js'
import type { Config } from '../runtime/config.js'
import { loadConfig } from '../runtime/load-config.js'
import { listJson, listText, showJson, showText } from './dead-letters-text.js'
import { type FileWords, type FilterWords, filterOf, letterNumber, withFile, withFilter } from './letter-words.js'
import { addDiscard, addRetry, type SettleLettersActions } from './settle-letters-command.js'
import { wholeNumber } from './whole-number.js'

export interface DeadLettersActions extends SettleLettersActions {
  listDeadLetters(config: Config, options: ListOptions): Promise<LetterList>
  /** `id`: the offset in the dead-letter topic. */
  showDeadLetter(config: Config, id: number): Promise<ShownLetter>
  /** Standard output, byte for byte. */
  readonly outBytes: (bytes: Uint8Array) => void
}

const examples = `
A message that can't be used is kept as a dead letter, and everything else goes on. This shows them and settles them;
nothing is ever deleted: Kafka does that after the topic's retention.

Examples:
  ranktide dead-letters list
      the open ones
  ranktide dead-letters show 0/42
      one of them as a whole
  ranktide dead-letters retry --feed counters.reads --dry-run
      how many of a counter's would be counted after all
  ranktide dead-letters discard 0/42 --reason "sent by a load test"
      one that will never be used

Exit codes: 0 ok, 1 failed, 2 usage or configuration.`

const listExamples = `
Reads the topic of dead letters and the notes of what became of them, and prints a line a letter: id, age, feed, where its
message stands, the code, and whether it is still open. Nothing is written.

Examples:
  ranktide dead-letters list
      the open ones, oldest first, and how many there are by code
  ranktide dead-letters list --feed counters.reads --code EVENT_FIELD --since 2h
      of one counter, for one reason, of the last two hours
  ranktide dead-letters list --all --limit 200 --after 0/57
      settled ones, too; the page behind that letter

JSON: {topic, letters: [{id, at, feed, topic, partition, offset, code, detail, state}], more, counts, untold}
Exit codes: 0 ok, 1 failed, 2 usage or configuration.`

const showExamples = `
Prints one letter: the message byte for byte, why it was refused, and what this version with this configuration makes of it
now, which is what a retry would do. Nothing is written.

Examples:
  ranktide dead-letters show 0/42
      why it was refused, what today's version and configuration make of it, headers, key and value
  ranktide dead-letters show 0/42 --raw | jq .
      the bytes of the value and nothing else

Exit codes: 0 ok, 1 failed or no such letter, 2 usage or configuration.`

export const addDeadLetters = (program: Command, actions: DeadLettersActions): void => {
  const group = program
    .command('dead-letters')
    .description('messages that could not be used: list, look at, retry, discard')
    .addHelpText('after', examples)
  addList(group, actions)
  addShow(group, actions)
  addRetry(group, actions)
  addDiscard(group, actions)
}

const addList = (group: Command, actions: DeadLettersActions): void => {
  withFile(withFilter(group.command('list').description('letters, oldest first, and how many there are by code')))
    .option('--all', 'settled letters, too', false)
    .addOption(new Option('--limit <number>', 'most letters to print').argParser(wholeNumber(1, 999_999)).default(50))
    .addOption(new Option('--after <id>', 'only those behind this letter').argParser(letterNumber))
    .addHelpText('after', listExamples)
    .action(async (words: FileWords & FilterWords & { all: boolean; limit: number; after?: number }) => {
      const config = await loadConfig(words.config, actions.surroundings)
      const { all, after } = words
      const filter = filterOf(words)
      const options = { ...filter, all, limit: words.limit, ...(after === undefined ? {} : { after }) }
      const list = await actions.listDeadLetters(config, options)
      actions.out(
        words.json ? `${JSON.stringify(listJson(list))}\n` : listText(list, all, Object.keys(filter).length > 0),
      )
    })
}

const addShow = (group: Command, actions: DeadLettersActions): void => {
  withFile(group.command('show').description('one letter as a whole, and what would become of it today'))
    .argument('<id>', 'as list prints it, such as 0/42', letterNumber)
    .addOption(new Option('--raw', 'write the bytes of the value, and nothing else').default(false).conflicts('json'))
    .addHelpText('after', showExamples)
    .action(async (id: number, words: FileWords & { raw: boolean }) => {
      const config = await loadConfig(words.config, actions.surroundings)
      const letter = await actions.showDeadLetter(config, id)
      if (words.raw) return actions.outBytes(letter.message.value ?? new Uint8Array())
      actions.out(words.json ? `${JSON.stringify(showJson(letter))}\n` : showText(letter))
    })
}
