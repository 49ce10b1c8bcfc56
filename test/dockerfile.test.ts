// The Dockerfile by its text: what a container engine or a linter would find, and what Kubernetes asks of an image. That
// its steps work is shown where they are carried out: services/image.test.ts.
import { existsSync, readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { z } from 'zod'
import { serve } from './http/fake-boards.js'
import { type Instruction, readDockerfile, type Stage } from './support/dockerfile.js'

const root = new URL('../', import.meta.url)
const stages = readDockerfile(readFileSync(new URL('Dockerfile', root), 'utf8'))
const manifest = z
  .object({ version: z.string(), description: z.string(), license: z.string(), files: z.array(z.string()) })
  .parse(JSON.parse(readFileSync(new URL('package.json', root), 'utf8')))
const [build, last] = stages

const all = (stage: Stage | undefined, name: string): readonly Instruction[] =>
  (stage?.instructions ?? []).filter((instruction) => instruction.name === name)
const only = (stage: Stage | undefined, name: string): string => {
  const [first, second] = all(stage, name)
  expect(second, name).toBeUndefined()
  return first?.text ?? ''
}
const words = (text: string): readonly string[] => z.array(z.string()).parse(JSON.parse(text))

test('there are two stages on one base, which is pinned to a version and a release', () => {
  expect(stages).toHaveLength(2)
  for (const { base } of stages) expect(base).toMatch(/^node:20\.\d+\.\d+-bookworm-slim$/)
  expect(last?.base).toBe(build?.base)
})

test('every instruction is one that Docker knows', () => {
  const known = 'FROM RUN WORKDIR ENV COPY LABEL USER EXPOSE HEALTHCHECK STOPSIGNAL ENTRYPOINT CMD'.split(' ')
  for (const { instructions } of stages) for (const { name } of instructions) expect(known).toContain(name)
})

describe('what is copied', () => {
  const ignored = readFileSync(new URL('.dockerignore', root), 'utf8').split('\n')

  test('from the project is there, and is let through by .dockerignore', () => {
    const sources = stages.flatMap((stage) =>
      all(stage, 'COPY').flatMap(({ text }) => (text.startsWith('--from') ? [] : text.split(/\s+/).slice(0, -1))),
    )
    expect(sources).toEqual(expect.arrayContaining(['package-lock.json', 'src', 'pipelines', 'scripts', 'LICENSE']))
    for (const source of sources) {
      expect(existsSync(new URL(source, root)), source).toBe(true)
      expect(ignored).toContain(`!${source}`)
    }
  })

  test('is nothing else: no environment files, no node_modules, no history', () => {
    expect(ignored).toContain('*')
    const allowed = ignored.filter((line) => line.startsWith('!')).map((line) => line.slice(1))
    const copied = stages.flatMap((stage) => all(stage, 'COPY').flatMap(({ text }) => text.split(/\s+/)))
    for (const name of allowed) expect(copied).toContain(name)
  })

  test('into the last stage is what the package has too, built in the first', () => {
    const built = all(last, 'COPY').flatMap(
      ({ text }) => /^--from=(\w+) \/app\/(\S+) (\S+)$/.exec(text)?.slice(1) ?? [],
    )
    expect(build?.name).toBe('build')
    expect(built).toEqual(
      ['node_modules', 'dist/src', 'dist/pipelines', 'bin'].flatMap((name) => ['build', name, name]),
    )
    for (const name of manifest.files.filter((file) => file.startsWith('dist/'))) expect(built).toContain(name)
  })
})

describe('the last stage', () => {
  test('runs as a user that is not root, given by number', () => {
    const [user = '', group = ''] = only(last, 'USER').split(':')
    expect(Number(user)).toBeGreaterThan(0)
    expect(Number(group)).toBeGreaterThan(0)
    const names = last?.instructions.map(({ name }) => name) ?? []
    expect(names.lastIndexOf('RUN')).toBeLessThan(names.indexOf('USER'))
  })

  test('installs no compiler', () => {
    const installed = all(last, 'RUN').map(({ text }) => text)
    expect(installed.join()).not.toMatch(/build-essential|-dev\b|python|g\+\+|npm/)
    for (const text of installed) expect(text).toContain('--no-install-recommends')
  })

  test('starts ranktide, with run if no other command is given, and stops it by the signal that it handles', () => {
    expect(words(only(last, 'ENTRYPOINT'))).toEqual(['node', 'dist/src/main.js'])
    expect(words(only(last, 'CMD'))).toEqual(['run'])
    expect(only(last, 'STOPSIGNAL')).toBe('SIGTERM')
  })

  test('finds ranktide by its name, so that commands can be typed in a container', () => {
    const made = all(build, 'RUN').map(({ text }) => text)
    expect(made).toContain('mkdir bin && ln -s ../dist/src/main.js bin/ranktide && chmod 755 dist/src/main.js')
    expect(
      all(last, 'ENV')
        .map(({ text }) => text)
        .join(' '),
    ).toContain('PATH=/app/bin:$PATH')
  })

  test('looks at a path that exists, and that asks no server', async () => {
    const check = only(last, 'HEALTHCHECK')
    const [, path = ''] = /127\.0\.0\.1:\$\{process\.env\.HTTP_PORT \|\| 8081\}(\/\w+)`/.exec(check) ?? []
    expect(path).toBe('/livez')
    const { server } = serve({ ready: () => ({ ok: false, checks: [] }), started: () => false })
    expect((await server.inject(path)).statusCode).toBe(200)
    expect(only(last, 'EXPOSE')).toBe('8081')
  })

  test('has threads for several pipelines: each keeps one of them, and four is all that there are otherwise', () => {
    const set = all(last, 'ENV').flatMap(({ text }) => /\bUV_THREADPOOL_SIZE=(\d+)/.exec(text)?.slice(1) ?? [])
    expect(set).toHaveLength(1)
    expect(Number(set[0])).toBeGreaterThanOrEqual(8)
    expect(Number(set[0])).toBeLessThanOrEqual(1024)
    const operations = readFileSync(new URL('docs/operations.md', root), 'utf8')
    expect(operations).toContain(`the image sets it to ${set[0]}`)
  })

  test('says which version it is', () => {
    const label = only(last, 'LABEL')
    for (const value of [manifest.version, manifest.description, manifest.license])
      expect(label).toContain(`="${value}"`)
  })
})
