// What the Dockerfile puts into its image is all that ranktide needs: its steps are carried out here, and every command is
// run from what the last stage copies, as a user who is not root and may write nothing there.
import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { parse } from 'yaml'
import { type AssembledImage, assembleImage } from '../support/assembled-image.js'
import { until } from '../support/until.js'

const root = fileURLToPath(new URL('../../', import.meta.url))
const user = process.getuid?.() === 0 ? { uid: 1000, gid: 1000 } : {}

let image: AssembledImage

// It installs what the image installs, from the registry.
beforeAll(async () => {
  image = await assembleImage()
}, 600_000)

afterAll(() => image?.remove())

interface Ended {
  readonly code: number
  readonly out: string
  readonly error: string
}

/** As `docker run IMAGE ...line` has it: the entry point, in /app, with no more variables than it is given. */
const command = (line: readonly string[], variables: Readonly<Record<string, string>> = {}): Promise<Ended> =>
  new Promise((resolve) => {
    const options = { cwd: image.app, env: { PATH: process.env.PATH ?? '', ...variables }, timeout: 20_000, ...user }
    execFile(process.execPath, ['dist/src/main.js', ...line], options, (failure, out, error) => {
      resolve({ code: failure === null ? 0 : typeof failure.code === 'number' ? failure.code : -1, out, error })
    })
  })

/** The example's configuration with servers that are away: nobody listens on port 1. */
const lonely = readFileSync(join(root, 'examples/likes.yaml'), 'utf8')
  .replace(/localhost:\d+/g, '127.0.0.1:1')
  .replace('HTTP_PORT:-8081', 'HTTP_PORT:-0')

test('every command can be asked for its help, and the version is told', async () => {
  const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { version: string }
  expect(await command(['--version'])).toEqual({ code: 0, out: `${version}\n`, error: '' })
  const commands = await commandsBelow([])
  const names = commands.map((words) => words.join(' '))
  const expected = ['run', 'config check', 'doctor', 'status', 'replay', 'offsets reset', 'dead-letters retry']
  expect(names).toEqual(expect.arrayContaining(expected))
  for (const words of commands) {
    const { code, out, error } = await command([...words, '--help'])
    expect({ code, error }, words.join(' ')).toEqual({ code: 0, error: '' })
    expect(out).toContain(`Usage: ranktide ${words.join(' ')}`)
  }
}, 240_000)

/** The words of every command, as its help lists them. */
const commandsBelow = async (words: readonly string[]): Promise<readonly (readonly string[])[]> => {
  const { out } = await command([...words, '--help'])
  const at = out.indexOf('\nCommands:\n')
  const listed = at < 0 ? '' : (out.slice(at + 11).split('\n\n')[0] ?? '')
  const names = [...listed.matchAll(/^ {2}([a-z][a-z-]*)/gm)].flatMap(([, name]) => (name === undefined ? [] : [name]))
  const below = await Promise.all(
    names.filter((name) => name !== 'help').map((name) => commandsBelow([...words, name])),
  )
  return [...(words.length === 0 ? [] : [words]), ...below.flat()]
}

test('commands are found by the name ranktide, need no terminal, and write nothing where nothing may be written', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'ranktide-image-config-'))
  const file = join(directory, 'ranktide.yaml')
  await writeFile(file, lonely)
  await chmod(directory, 0o755)
  const options = { cwd: '/', env: { PATH: `${join(image.app, 'bin')}:${process.env.PATH}` }, ...user }
  const ranktide = (...words: string[]): Promise<Ended> =>
    new Promise((resolve) => {
      execFile('ranktide', [...words, '--config', file], options, (failure, out, error) =>
        resolve({ code: typeof failure?.code === 'number' ? failure.code : 0, out, error }),
      )
    })
  try {
    const doctor = await ranktide('doctor')
    expect(doctor.code, doctor.error).toBe(1)
    for (const code of ['DATABASE_UNREACHABLE', 'KAFKA_UNREACHABLE', 'REDIS_UNREACHABLE'])
      expect(doctor.out).toContain(code)
    const status = await ranktide('status')
    expect(status.code, status.error).toBe(1)
  } finally {
    await rm(directory, { recursive: true, force: true })
  }
}, 60_000)

test('config schema prints what is in the documentation', async () => {
  const { code, out } = await command(['config', 'schema'])
  expect(code).toBe(0)
  expect(JSON.parse(out)).toEqual(JSON.parse(readFileSync(join(root, 'docs/ranktide.schema.json'), 'utf8')))
})

test.each(['ranktide-1', 'ranktide-2'])('config check accepts what docker-compose.yml gives %s', async (name) => {
  const { services } = parse(readFileSync(join(root, 'docker-compose.yml'), 'utf8'), { merge: true }) as {
    services: Record<string, { environment: Record<string, string>; volumes: string[] }>
  }
  const [mounted = ''] = services[name]?.volumes[0]?.split(':') ?? []
  const ended = await command(['config', 'check', '--config', join(root, mounted)], services[name]?.environment)
  expect(ended).toEqual({
    code: 0,
    out: 'likes: top 10 of webook.interactives by like_cnt desc, from topic webook.interactives\n',
    error: '',
  })
})

test('run starts, answers its probe, waits for servers that are away, and stops at SIGTERM', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'ranktide-image-config-'))
  const file = join(directory, 'ranktide.yaml')
  await writeFile(file, lonely)
  await chmod(directory, 0o755)
  const child = spawn(process.execPath, ['dist/src/main.js', 'run', '--config', file], {
    cwd: image.app,
    env: { PATH: process.env.PATH ?? '' },
    stdio: ['ignore', 'pipe', 'pipe'],
    ...user,
  })
  let output = ''
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding('utf8').on('data', (text: string) => {
      output += text
    })
  try {
    await until(
      'it waits for the database',
      () => /Waiting for the database/.test(output) || child.exitCode !== null,
      30_000,
    )
    const [, address = ''] = /"address":"([^"]+)"/.exec(output) ?? []
    expect(address, output).not.toBe('')
    expect((await fetch(`${address}/livez`)).status).toBe(200)
    expect((await fetch(`${address}/startupz`)).status).toBe(503)
    child.kill('SIGTERM')
    const [code] = (await once(child, 'exit')) as [number | null]
    expect(code, output).toBe(0)
  } finally {
    child.kill('SIGKILL')
    await rm(directory, { recursive: true, force: true })
  }
})

describe('node-rdkafka', () => {
  const libraries = ['build/Release/node-librdkafka.node', 'build/deps/librdkafka.so.1', 'build/deps/librdkafka++.so.1']

  test('loads, stripped and without what it was built from', async () => {
    const script = "console.log(require('node-rdkafka').librdkafkaVersion)"
    const options = { cwd: image.app, ...user }
    expect((await promisify(execFile)(process.execPath, ['-e', script], options)).stdout).toMatch(/^\d+\.\d+/)
  })

  test('is linked against what the last stage installs, or what its base has', async () => {
    const installed = image.last.instructions.find(({ text }) => text.includes('apt-get install'))?.text ?? ''
    for (const library of libraries) {
      const path = join(image.app, 'node_modules/node-rdkafka', library)
      const { stdout } = await promisify(execFile)('readelf', ['-d', path])
      for (const [, name = ''] of stdout.matchAll(/\(NEEDED\).*\[(.+)\]/g)) {
        if (/^(librdkafka|ld-linux|libc\.|libm\.|libstdc|libgcc_s|libpthread|libdl|librt)/.test(name)) continue
        expect(packages[name], `${library} needs ${name}`).toBeDefined()
        expect(installed.split(' '), `${library} needs ${name}`).toContain(packages[name])
      }
    }
  })
})

/** Debian 12's package for a library. */
const packages: Readonly<Record<string, string>> = {
  'libcrypto.so.3': 'libssl3',
  'libcurl.so.4': 'libcurl4',
  'libsasl2.so.2': 'libsasl2-2',
  'libssl.so.3': 'libssl3',
  'libz.so.1': 'zlib1g',
  'libzstd.so.1': 'libzstd1',
}

test('it is small: under 80 MB beside its base, and without development dependencies', async () => {
  const { stdout } = await promisify(execFile)('du', ['-sm', image.app])
  console.info(`the image's /app: ${Number.parseInt(stdout, 10)} MB`)
  expect(Number.parseInt(stdout, 10)).toBeLessThan(80)
  const { dependencies, devDependencies } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as Record<
    'dependencies' | 'devDependencies',
    Record<string, string>
  >
  const here = (name: string): boolean => {
    try {
      readFileSync(join(image.app, 'node_modules', name, 'package.json'))
      return true
    } catch {
      return false
    }
  }
  for (const name of Object.keys(dependencies)) expect(here(name), name).toBe(true)
  for (const name of ['typescript', 'vitest', '@biomejs/biome']) {
    expect(devDependencies[name], name).toBeDefined()
    expect(here(name), name).toBe(false)
  }
})
