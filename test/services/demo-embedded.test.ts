// ./scripts/demo without servers, as a user runs it: what it shows, that the boards can be read, how it ends.
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { cpSync, mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { until } from '../support/until.js'

const project = fileURLToPath(new URL('../..', import.meta.url))
const script = join(project, 'scripts/demo')

/** A command whose temporary files are its own. */
class Command {
  readonly child: ChildProcess
  output = ''

  constructor(temporary: string, command: string, ...options: readonly string[]) {
    // A group of its own, for signals as a terminal sends them.
    this.child = spawn(command, options, {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, TMPDIR: temporary },
      detached: true,
    })
    for (const stream of [this.child.stdout, this.child.stderr])
      stream?.setEncoding('utf8').on('data', (text: string) => {
        this.output += text
      })
  }

  async ended(): Promise<number | null> {
    if (this.child.exitCode === null && this.child.signalCode === null) await once(this.child, 'close')
    return this.child.exitCode
  }

  /** To the whole group, as Ctrl-C is. */
  signal(signal: NodeJS.Signals): void {
    if (this.child.pid !== undefined && this.child.exitCode === null) process.kill(-this.child.pid, signal)
  }

  url(board: 'likes' | 'reads'): string {
    return new RegExp(`http://127\\.0\\.0\\.1:\\d+/boards/${board}`).exec(this.output)?.[0] ?? ''
  }

  /** What was shown last, and what came after. */
  get lastScene(): string {
    return this.output.slice(this.output.lastIndexOf('of traffic: ') - 10)
  }

  /** The rows of the board that were shown, one text a scene. */
  boards(board: 'likes' | 'reads'): readonly string[] {
    const heads = /^rank {5}id {2}biz {6}likes +rank {5}id {2}biz {6}reads\n/m
    return this.output
      .split(heads)
      .slice(1)
      .map((scene) => (scene.split('\n\n')[0] ?? '').split('\n'))
      .map((rows) => rows.map((row) => (board === 'likes' ? row.slice(0, 41).trimEnd() : row.slice(41))).join('\n'))
  }
}

describe('the demo without servers', () => {
  let temporary = ''
  let demo: Command
  beforeEach(() => {
    temporary = mkdtempSync(join(tmpdir(), 'ranktide-test-demo.'))
  })
  afterEach(async () => {
    demo.signal('SIGTERM')
    await demo.ended()
    rmSync(temporary, { recursive: true, force: true })
  })

  const expectEqualAtTheEnd = (): void => {
    const counted = /reads counted exactly once: yes \((\d+) sent, (\d+) counted, \d+ articles\)/.exec(demo.output)
    expect(Number(counted?.[1]), demo.output).toBeGreaterThan(50)
    expect(counted?.[2]).toBe(counted?.[1])
    for (const board of ['likes', 'reads']) {
      expect(demo.output).toMatch(
        new RegExp(`board ${board} equals the simulator's own table: yes \\(\\d+ ms after the last change\\)`),
      )
      expect(demo.output).toContain(`sorted set ranktide:{${board}} in Redis: the same 10 members`)
    }
  }

  test.each<[name: string, options: readonly string[], says: readonly RegExp[]]>([
    ['Kafka’s mock', [], [/Kafka: librdkafka's mock cluster, 127\.0\.0\.1:\d+/, /Redis: (redis-server|built in)/]],
    [
      'nothing but this process',
      ['--in-process', '--built-in-redis'],
      [
        /Kafka: none: --in-process was given, so the simulator feeds the pipelines/,
        /Redis: built in, 127\.0\.0\.1:\d+/,
      ],
    ],
  ])('on %s: the boards move, can be read meanwhile, and are right at the end', async (_name, options, says) => {
    demo = new Command(temporary, script, ...options, '--seconds', '7')
    await until('two scenes', () => demo.boards('reads').length >= 2, 60_000)
    for (const [board, column] of [
      ['likes', 'like_cnt'],
      ['reads', 'read_cnt'],
    ] as const) {
      const response = await fetch(demo.url(board))
      expect(response.status).toBe(200)
      expect(response.headers.get('x-board-state')).toBe('exact')
      const { data } = (await response.json()) as { data: readonly Record<string, number>[] }
      expect(data.map((row) => Object.keys(row))).toEqual(
        Array(10).fill(['id', 'biz_id', 'biz', 'read_cnt', 'like_cnt']),
      )
      const counts = data.map((row) => row[column])
      expect(counts).toEqual(counts.toSorted((a, b) => Number(b) - Number(a)))
      expect(counts[0]).toBeGreaterThan(0)
    }

    expect(await demo.ended()).toBe(0)
    for (const line of says) expect(demo.output).toMatch(line)
    expect(new Set(demo.boards('likes')).size).toBeGreaterThan(1)
    expect(new Set(demo.boards('reads')).size).toBeGreaterThan(1)
    const [, changes, reads] = /of traffic: (\d+) changes .*, (\d+) reads/.exec(demo.lastScene) ?? []
    expect(Number(changes)).toBeGreaterThan(20)
    expect(Number(reads)).toBeGreaterThan(200)
    const [, counted, transactions] =
      /counter: (\d+) reads counted in (\d+) transactions, \d+ behind/.exec(demo.lastScene) ?? []
    expect(Math.abs(Number(reads) - Number(counted))).toBeLessThan(300)
    expect(Number(transactions)).toBeGreaterThan(2)
    expect(Number(transactions)).toBeLessThan(Number(counted) / 5)
    // Changes, and the rows that the counter wrote: of several reads of an article in a window only one.
    const messages = Number(/boards: (\d+) messages read/.exec(demo.lastScene)?.[1])
    expect(messages).toBeGreaterThan(Number(changes) + Number(transactions) - 100)
    expect(messages).toBeLessThan(Number(changes) + Number(reads))
    expect(demo.output.split('Ctrl-C ends the demo')).toHaveLength(2)
    expectEqualAtTheEnd()
    expect(readdirSync(temporary)).toEqual([])
  })

  test('Ctrl-C ends it as its time does, and nothing stays behind', async () => {
    demo = new Command(temporary, script)
    await until('a board', () => demo.boards('likes').length >= 1, 60_000)
    const redis = /redis-server, 127\.0\.0\.1:(\d+)/.exec(demo.output)?.[1]
    demo.signal('SIGINT')
    expect(await demo.ended()).toBe(0)
    expectEqualAtTheEnd()
    expect(readdirSync(temporary)).toEqual([])
    if (redis !== undefined) await expect(listens(Number(redis))).resolves.toBe(false)
  })

  /** The built program, as it stands on a machine where node-rdkafka did not compile. */
  const withoutNativeModule = (): string => {
    const place = join(temporary, 'installed')
    mkdirSync(join(place, 'node_modules'), { recursive: true })
    cpSync(join(project, 'dist'), join(place, 'dist'), { recursive: true })
    cpSync(join(project, 'package.json'), join(place, 'package.json'))
    for (const name of readdirSync(join(project, 'node_modules')))
      if (name !== 'node-rdkafka') symlinkSync(join(project, 'node_modules', name), join(place, 'node_modules', name))
    return join(place, 'dist/src/main.js')
  }

  test('where node-rdkafka did not compile it does without Kafka, and says so', async () => {
    demo = new Command(temporary, process.execPath, withoutNativeModule(), 'demo', '--seconds', '3')
    expect(await demo.ended()).toBe(0)
    expect(demo.output).toContain('Kafka: none: node-rdkafka did not compile here')
    expectEqualAtTheEnd()
  })

  test('what does need a Kafka says what to install there, and the rest works', async () => {
    const main = withoutNativeModule()
    const example = join(project, 'examples/likes.yaml')
    demo = new Command(temporary, process.execPath, main, 'run', '--config', example)
    expect(await demo.ended()).toBe(1)
    expect(demo.output).toContain('node-rdkafka is not there, or was not compiled: install a C++ compiler')
    demo = new Command(temporary, process.execPath, main, 'config', 'check', '--config', example)
    expect(await demo.ended()).toBe(0)
  })

  test('a port that is taken ends it with the reason and the place of the log', async () => {
    const other = createServer().listen(0, '127.0.0.1')
    await once(other, 'listening')
    const address = other.address()
    const port = typeof address === 'object' && address !== null ? address.port : 0
    demo = new Command(temporary, script, '--in-process', '--built-in-redis', '--port', String(port))
    expect(await demo.ended()).toBe(1)
    expect(demo.output).toContain(`the HTTP port cannot be listened on: 127.0.0.1:${port}`)
    const log = /the worker's log: (\S+)/.exec(demo.output)?.[1] ?? ''
    expect(log.startsWith(temporary)).toBe(true)
    other.close()
  })
})

const listens = async (port: number): Promise<boolean> => {
  const server = createServer()
  try {
    server.listen(port, '127.0.0.1')
    await once(server, 'listening')
    return false
  } catch {
    return true
  } finally {
    server.close()
  }
}
