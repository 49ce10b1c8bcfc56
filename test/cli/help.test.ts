// The manual of every command, whoever wrote it: all have the same parts, every example can be typed, and what is typed
// wrongly is told with what was probably meant.
import type { Command } from 'commander'
import { describe, expect, test } from 'vitest'
import { buildProgram, runProgram } from '../../src/cli/program.js'
import { programActions } from '../support/program-actions.js'

interface Run {
  readonly code: number
  readonly out: string
  readonly error: string
}

const run = async (...line: readonly string[]): Promise<Run> => {
  let [out, error] = ['', '']
  const actions = programActions({
    out: (text) => {
      out += text
    },
    error: (text) => {
      error += text
    },
  })
  return { code: await runProgram(actions, line), out, error }
}

/** Every command below this one, with the words that lead to it. */
const commandsBelow = (
  command: Command,
  path: readonly string[] = [],
): readonly { path: readonly string[]; command: Command }[] =>
  command.commands
    .filter((one) => one.name() !== 'help')
    .flatMap((one) => {
      const words = [...path, one.name()]
      return [{ path: words, command: one }, ...commandsBelow(one, words)]
    })

const all = commandsBelow(buildProgram(programActions())).map(({ path, command }) => ({
  words: path.join(' '),
  path,
  isGroup: command.commands.length > 0,
  required: command.registeredArguments.filter((argument) => argument.required).length,
  /** Options that have to be given, with some value. */
  mandatory: command.options.flatMap(({ mandatory, long }) => (mandatory ? [long ?? '', '1'] : [])),
}))
const leaves = all.filter(({ isGroup }) => !isGroup)
const groups = all.filter(({ isGroup }) => isGroup)

const helpOf = async (path: readonly string[]): Promise<string> => {
  const { code, out, error } = await run(...path, '--help')
  expect({ code, error }).toEqual({ code: 0, error: '' })
  return out
}

/** Lines that are indented by two belong to an example, deeper ones say what it does; a blank line ends them. */
const examplesIn = (help: string): readonly { line: string; explained: boolean }[] => {
  const lines = help.slice(help.indexOf('\nExamples:\n') + '\nExamples:\n'.length).split('\n')
  const end = lines.findIndex((line) => !line.startsWith('  '))
  const examples = lines.slice(0, end)
  return examples.flatMap((line, i) =>
    /^ {2}\S/.test(line) ? [{ line: line.trim(), explained: /^ {6}\S/.test(examples[i + 1] ?? '') }] : [],
  )
}

/** The words of a line of a shell, as far as examples use one. */
const shellWords = (line: string): readonly string[] =>
  [...line.matchAll(/(?:[^\s'"]|'[^']*'|"[^"]*")+/g)].map(([word]) => word.replace(/'([^']*)'|"([^"]*)"/g, '$1$2'))

/** What an example gives to ranktide; undefined: it calls something else. */
const ranktideWords = (line: string): readonly string[] | undefined => {
  const [command = ''] = line.split(/\s[|>]\s|\s2>/)
  const words = shellWords(command)
  const at = words.findIndex((word) => /^ranktide(:[\d.]+)?$/.test(word))
  // Before it stand variables, or what runs it elsewhere.
  return at < 0 ? undefined : words.slice(at + 1)
}

/** The command that the words lead to, parsed as the program does, with nothing done. */
const parse = async (words: readonly string[]): Promise<string> => {
  const program = buildProgram(programActions({ error: () => {} }))
  let reached = ''
  for (const { path, command } of commandsBelow(program)) {
    if (command.commands.length === 0)
      command.action(() => {
        reached = path.join(' ')
      })
  }
  await program.parseAsync(words, { from: 'user' })
  return reached
}

test('there are the commands that the documentation names', () => {
  const names = ['run', 'config check', 'replay', 'status', 'explain', 'verify', 'offsets reset', 'dead-letters retry']
  expect(all.map(({ words }) => words)).toEqual(expect.arrayContaining([...names, 'doctor', 'init', 'demo', 'migrate']))
})

describe.each(all)('ranktide $words', ({ words, path, isGroup }) => {
  test('has a synopsis, a sentence, options that are explained, examples and exit codes', async () => {
    const help = await helpOf(path)
    expect(help).toMatch(new RegExp(`^Usage: ranktide ${words}( |$)`, 'm'))
    const [, synopsis = '', sentence = ''] = /^(Usage: .*)\n\n([\s\S]*?)\n\n/.exec(help) ?? []
    expect(synopsis).not.toBe('')
    expect(sentence.length).toBeGreaterThan(15)
    expect(help).toContain('\nOptions:\n')
    expect(examplesIn(help).length).toBeGreaterThan(0)
    expect(help).toMatch(/^Exit codes: 0 .*\b2 /ms)
    expect(help, 'switches are off: nobody needs to be told').not.toContain('(default: false)')
  })

  test('says in a few sentences what it does, between the options and the examples', async () => {
    const help = await helpOf(path)
    const between = /\n {2}-h, --help[^\n]*\n([\s\S]*?)\nExamples:\n/.exec(help)?.[1] ?? ''
    if (!isGroup) expect(between.trim()).toMatch(/[.:]$/m)
    if (!isGroup) expect(between.trim().length, between).toBeGreaterThan(120)
  })

  test('has no line that is wider than the documentation', async () => {
    for (const line of (await helpOf(path)).split('\n')) expect(line.length, line).toBeLessThanOrEqual(125)
  })

  test('every example is explained, and can be typed', async () => {
    const examples = examplesIn(await helpOf(path))
    for (const { line, explained } of examples) {
      expect(explained, `what does it do: ${line}`).toBe(true)
      const typed = ranktideWords(line)
      if (typed === undefined) continue
      const reached = await parse(typed).catch((error: Error) => error.message)
      expect(
        all.map((one) => one.words),
        `${line}: ${reached}`,
      ).toContain(reached)
    }
    const own = examples.flatMap(({ line }) => ranktideWords(line) ?? [])
    expect(own.join(' ')).toContain(words.split(' ').at(-1))
  })

  test('help COMMAND prints the same', async () => {
    const [last = '', before] = [path.at(-1), path.slice(0, -1)]
    expect(await run(...before, 'help', last)).toMatchObject({ code: 0, out: await helpOf(path) })
  })
})

describe.each(leaves)('ranktide $words, typed wrongly', ({ path, required, mandatory }) => {
  const needed = Array.from({ length: required }, () => '1')

  test('an option that it does not have: the one that was meant, and exit code 2', async () => {
    const { code, out, error } = await run(...path, ...needed, ...mandatory, '--hlep')
    expect({ code, out }).toEqual({ code: 2, out: '' })
    expect(error).toMatch(/unknown option '--hlep'\n\(Did you mean --help\?\)/)
  })

  test('an argument too few or too many: which, and exit code 2', async () => {
    const { code, error } = await run(
      ...path,
      ...mandatory,
      ...(required === 0 ? ['a', 'b', 'c', 'd'] : needed.slice(1)),
    )
    expect(code, error).toBe(2)
    expect(error.length).toBeGreaterThan(20)
  })
})

describe.each([{ words: '', path: [] as readonly string[] }, ...groups])('ranktide $words', ({ path }) => {
  const below = leaves.filter(
    ({ path: own }) => own.length === path.length + 1 && own.join(' ').startsWith(path.join(' ')),
  )

  test.each(below)(
    'a letter too many in $words: the command that was meant, and exit code 2',
    async ({ path: own }) => {
      const wrong = `${own.at(-1)}x`
      const { code, error } = await run(...path, wrong)
      expect(code).toBe(2)
      expect(error).toContain(`unknown command '${wrong}'`)
      expect(error).toContain(`(Did you mean ${own.at(-1)}?)`)
    },
  )

  test('no command at all: the help, and exit code 2', async () => {
    const { code, error } = await run(...path)
    expect(code).toBe(2)
    expect(error).toContain('Commands:')
  })
})

test.each([
  ['help', 'statsu'],
  ['help', 'offsets', 'shwo'],
])('%s %s %s: exit code 2, and the one that was meant', async (...words) => {
  const { code, error } = await run(...words)
  expect(code).toBe(2)
  expect(error).toMatch(words.length === 2 ? '(Did you mean status?)' : '(Did you mean show?)')
})

test('the program itself: examples that can be typed, and exit codes', async () => {
  const help = await helpOf([])
  expect(help).toMatch(/^Exit codes: 0 ok, 1 failed, 2 usage or configuration\.$/m)
  const examples = examplesIn(help)
  expect(examples.length).toBeGreaterThan(3)
  for (const { line, explained } of examples) {
    expect(explained, line).toBe(true)
    expect(leaves.map(({ words }) => words)).toContain(await parse(ranktideWords(line) ?? []))
  }
})
