// What README.md and the pages in docs/ name has to be there: files, commands, options, variables; the configurations in
// them load. (Links, keys, metrics and errors: docs.test.ts.)
import { execFileSync } from 'node:child_process'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, test } from 'vitest'
import { buildProgram } from '../src/cli/program.js'
import { parseConfig } from '../src/runtime/load-config.js'
import { programActions } from './support/program-actions.js'

const root = fileURLToPath(new URL('..', import.meta.url))
const read = (file: string): string => readFileSync(join(root, file), 'utf8')
const readme = read('README.md')
const pages = ['README.md', ...readdirSync(join(root, 'docs')).filter((name) => name.endsWith('.md'))].map((name) =>
  name === 'README.md' ? name : `docs/${name}`,
)

/** Code blocks of a language, without their fences. */
const blocks = (page: string, language: string): readonly string[] =>
  [...page.matchAll(new RegExp(`^ *\`\`\`${language}\\n([\\s\\S]*?)^ *\`\`\`$`, 'gm'))].map(([, text = '']) => text)

const everyFile = ['src', 'pipelines', 'test', 'scripts', 'docs', 'examples'].flatMap((folder) =>
  readdirSync(join(root, folder), { recursive: true, withFileTypes: true }).flatMap((entry) =>
    entry.isFile() ? [join(entry.parentPath, entry.name)] : [],
  ),
)
const fileNames = new Set(everyFile.map((path) => basename(path)))

describe.each(pages)('%s', (file) => {
  const page = read(file)

  test('names files that exist', () => {
    const paths = [...page.matchAll(/`((?:src|pipelines|test|scripts|docs|examples)\/[\w./*-]*)`/g)]
    for (const [, path = ''] of paths) {
      const known = path.includes('*')
        ? existsSync(join(root, path.slice(0, path.lastIndexOf('/'))))
        : existsSync(join(root, path)) || existsSync(join(root, `${path}.test.ts`))
      expect(known, path).toBe(true)
    }
    for (const [, name = ''] of page.matchAll(/`([\w-]+\.(?:ts|lua))`/g)) expect(fileNames, name).toContain(name)
  })

  test('names variables that something reads', () => {
    // The parts of a stack put their own name together: RANKTIDE_TEST_ and KAFKA.
    const servers = ['KAFKA', 'REDIS', 'MARIADB', 'MYSQL', 'POSTGRES'].map((name) => `RANKTIDE_TEST_${name}`)
    const sources = everyFile
      .filter((path) => !/\/docs\/|readme\.test/.test(path))
      .map((path) => readFileSync(path, 'latin1'))
    for (const [, name = ''] of page.matchAll(/(?<![{$\w])(RANKTIDE_[A-Z_]*[A-Z])\b/g))
      expect(servers.includes(name) || sources.some((text) => text.includes(name)), name).toBe(true)
  })
})

describe('README.md', () => {
  test('is short enough to be read', () => {
    expect(readme.trimEnd().split('\n').length).toBeLessThanOrEqual(250)
  })

  test('has the test command in a line by itself', () => {
    expect(readme.split('\n')).toContain('./scripts/test')
  })

  test('shows configurations that load', () => {
    const configurations = blocks(readme, 'yaml')
    expect(configurations.length).toBeGreaterThan(0)
    for (const text of configurations) {
      const result = parseConfig(text, 'README.md', { environment: {}, hostname: 'pod-1' })
      expect(result.kind === 'problems' ? result.problems : []).toEqual([])
    }
  })

  test('shows scripts and options that exist', () => {
    const lines = [
      ...blocks(readme, 'sh')
        .join('')
        .matchAll(/^\.\/(scripts\/\w+)(.*)$/gm),
    ]
    expect(lines.length).toBeGreaterThan(0)
    for (const [, script = '', options = ''] of [...lines, ...readme.matchAll(/`\.\/(scripts\/\w+)([^`]*)`/g)]) {
      const help = execFileSync(join(root, script), ['--help'], { encoding: 'utf8' })
      for (const [option] of options.matchAll(/--[a-z]+/g)) expect(help).toContain(option)
    }
  })

  test('shows commands of ranktide and npm that exist', () => {
    const shown = `${blocks(readme, 'sh').join('')}${blocks(readme, 'text').join('')}`
    const program = buildProgram(programActions())
    const commands = [...shown.matchAll(/node dist\/src\/main\.js ([a-z ]+)/g)].map(([, words = '']) => words.trim())
    expect(commands).toEqual(expect.arrayContaining(['run', 'config check']))
    for (const words of commands) {
      let command: ReturnType<typeof buildProgram> | undefined = program
      for (const word of words.split(' ')) command = command?.commands.find((one) => one.name() === word)
      expect(command, words).toBeDefined()
    }
    const { scripts } = JSON.parse(read('package.json')) as { scripts: Record<string, string> }
    for (const [, name = ''] of shown.matchAll(/npm run ([a-z:]+)/g)) expect(Object.keys(scripts)).toContain(name)
  })
})
