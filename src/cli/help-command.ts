/** `ranktide help COMMAND`: commander's own prints the program's help for a command that is not there. */
import type { Command } from 'commander'
import { nearestName } from '../core/nearest-name.js'

const details = `
Prints what COMMAND --help prints: what the command does, its options with their defaults, examples, and exit codes.

Examples:
  ranktide help verify
      of a command
  ranktide help offsets reset
      of a command below another

Exit codes: 0 printed, 2 there is no such command.`

export const addHelp = (program: Command): void => {
  program
    .helpCommand(false)
    .command('help')
    .description('print the help of a command')
    .argument('[command...]', 'its words')
    .addHelpText('after', details)
    .action((words: readonly string[]) => {
      let command = program
      for (const word of words) command = below(program, command, word)
      command.help()
    })
}

const below = (program: Command, command: Command, word: string): Command => {
  const found = command.commands.find((one) => one.name() === word)
  if (found !== undefined) return found
  const names = command.commands.map((one) => one.name())
  const near = nearestName(word, names)
  const hint = near === undefined ? `there are ${names.join(', ') || 'none below it'}` : `Did you mean ${near}?`
  return program.error(`error: unknown command '${word}'\n(${hint})`, { code: 'commander.unknownCommand' })
}
