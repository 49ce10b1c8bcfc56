/** Words that the commands about dead letters share: ids, filters, the file. */
import { type Command, InvalidArgumentError, Option } from 'commander'
import { parseOffsetTime } from '../core/offset-time.js'
import { parseDuration } from '../runtime/duration.js'
import { configOption } from './config-option.js'

export interface FilterWords {
  readonly feed?: string
  readonly code?: string
  readonly topic?: string
  readonly since?: number
}

export interface FileWords {
  readonly config: string
  readonly json: boolean
}

export const letterNumber = (text: string): number => {
  const found = /^(?:(\d{1,5})\/)?(\d{1,15})$/.exec(text)
  if (found === null) throw new InvalidArgumentError('Allowed: the id of a letter as list prints it, such as 0/42.')
  if (Number(found[1] ?? 0) !== 0) throw new InvalidArgumentError('All letters stand in partition 0: such as 0/42.')
  return Number(found[2])
}

const since = (text: string): number => {
  const duration = parseDuration(text)
  if (duration !== undefined) return Date.now() - duration
  const time = parseOffsetTime(text)
  if (time.kind === 'time') return time.at
  throw new InvalidArgumentError(`Allowed: a duration such as 2h or 7d, or a time with its zone; ${text} ${time.why}.`)
}

export const withFile = (command: Command): Command =>
  command.addOption(configOption()).option('--json', 'print one JSON object', false)

/** Which letters, beside their ids. */
export const withFilter = (command: Command): Command =>
  command
    .addOption(new Option('--feed <name>', 'of a feed, or of counters.NAME, or of history'))
    .addOption(new Option('--code <code>', 'refused for this reason, such as PARSE'))
    .addOption(new Option('--topic <name>', 'of messages of this topic'))
    .addOption(new Option('--since <when>', 'written since: 2h, 7d, or 2026-11-21T08:00:00Z').argParser(since))

/** Without what was not given. */
export const filterOf = ({ feed, code, topic, since: from }: FilterWords): FilterWords => ({
  ...(feed === undefined ? {} : { feed }),
  ...(code === undefined ? {} : { code }),
  ...(topic === undefined ? {} : { topic }),
  ...(from === undefined ? {} : { since: from }),
})
