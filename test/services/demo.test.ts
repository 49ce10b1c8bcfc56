// ./scripts/demo as a user runs it, on the servers that are there: what it shows, how it ends, what it leaves behind.
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { Redis } from 'ioredis'
import { createConnection, type RowDataPacket } from 'mysql2/promise'
import { afterEach, describe, expect, test } from 'vitest'
import { openProducer } from '../support/kafka-server.js'
import { type DatabaseName, databaseUrl, stack } from '../support/stack.js'
import { until } from '../support/until.js'

const script = fileURLToPath(new URL('../../scripts/demo', import.meta.url))

class Demo {
  readonly child: ChildProcess
  output = ''

  constructor(...options: readonly string[]) {
    this.child = spawn(script, options, { stdio: ['ignore', 'pipe', 'pipe'] })
    for (const stream of [this.child.stdout, this.child.stderr])
      stream?.setEncoding('utf8').on('data', (text: string) => {
        this.output += text
      })
  }

  async ended(): Promise<number | null> {
    if (this.child.exitCode === null && this.child.signalCode === null) await once(this.child, 'close')
    return this.child.exitCode
  }

  /** The name of its table, without the database. */
  get table(): string {
    return /table webook\.(\S+):/.exec(this.output)?.[1] ?? ''
  }

  /** Its directory, which it removes. */
  get directory(): string {
    return /--config (\S+)\/ranktide\.yaml/.exec(this.output)?.[1] ?? ''
  }
}

/** Processes whose command line names this directory. */
const processesIn = async (directory: string): Promise<number> => {
  const ps = spawn('ps', ['-eo', 'args'], { stdio: ['ignore', 'pipe', 'ignore'] })
  let text = ''
  ps.stdout.setEncoding('utf8').on('data', (part: string) => {
    text += part
  })
  await once(ps, 'close')
  return text.split('\n').filter((line) => line.includes(directory)).length
}

/** Whether SHOW has one of this name. */
const shows = async (server: DatabaseName, kind: 'TABLES' | 'DATABASES', name: string): Promise<boolean> => {
  const connection = await createConnection(databaseUrl(server, 'webook'))
  try {
    const [rows] = await connection.query<RowDataPacket[]>(`SHOW ${kind} LIKE ?`, [name.replaceAll('_', '\\_')])
    return rows.length > 0
  } finally {
    await connection.end()
  }
}

const tableExists = (server: DatabaseName, table: string): Promise<boolean> => shows(server, 'TABLES', table)

/** What the demo calls all that is its own. */
const suffixOf = (table: string): string => table.replace('interactives', '')

/** Its topics that are there still. */
const topicsOf = async (table: string): Promise<readonly string[]> => {
  const producer = await openProducer()
  const topics = await new Promise<readonly string[]>((resolve, reject) => {
    producer.getMetadata({ allTopics: true, timeout: 10_000 }, (error, metadata) =>
      error ? reject(error) : resolve(metadata.topics.map(({ name }) => name)),
    )
  })
  producer.disconnect()
  return topics.filter((topic) => topic.includes(suffixOf(table)))
}

const keysOf = async (table: string): Promise<readonly string[]> => {
  const redis = new Redis(stack.redis)
  try {
    return await redis.keys(`*${suffixOf(table)}*`)
  } finally {
    redis.disconnect()
  }
}

describe('the demo', () => {
  let demo: Demo | undefined

  afterEach(async () => {
    demo?.child.kill('SIGTERM')
    await demo?.ended()
  })

  const expectAllRight = ({ output }: Demo): void => {
    expect(output).toContain('board likes equals the query: yes')
    expect(output).toContain('board reads equals the query: yes')
    const counted = /reads counted exactly once: yes \((\d+) sent, (\d+) counted/.exec(output)
    expect(Number(counted?.[1]), output).toBeGreaterThan(50)
    expect(counted?.[2]).toBe(counted?.[1])
  }

  const leavesNothing = async (server: DatabaseName, { table, directory }: Demo): Promise<void> => {
    expect(table).toMatch(/^interactives_demo_/)
    for (const one of ['interactives', 'user_likes', 'user_collects', 'users'])
      expect(await tableExists(server, `${one}${suffixOf(table)}`)).toBe(false)
    expect(await keysOf(table)).toEqual([])
    expect(await shows(server, 'DATABASES', `ranktide${suffixOf(table)}`)).toBe(false)
    expect(await topicsOf(table)).toEqual([])
    expect(directory).not.toBe('')
    expect(existsSync(directory)).toBe(false)
    expect(await processesIn(directory)).toBe(0)
  }

  test.each<[DatabaseName, readonly string[]]>([
    ['mariadb', []],
    ['mysql', ['--mysql']],
  ])(
    'on %s shows the boards as they move, ends by itself, and counts and boards are right',
    async (server, options) => {
      demo = new Demo('--real', ...options, '--seconds', '6')
      const code = await demo.ended()
      expectAllRight(demo)
      expect(code).toBe(0)
      expect(demo.output).toMatch(/rank +id +biz +likes +rank +id +biz +reads\n +1 /)
      expect(demo.output).toMatch(/state exact +age \d+\.\d s +state exact +age \d+\.\d s/)
      expect(demo.output).toMatch(/counter: [1-9]\d* reads counted in [1-9]\d* transactions/)
      expect(Number(/of traffic: (\d+) SQL statements/.exec(demo.output)?.[1])).toBeGreaterThan(50)
      await leavesNothing(server, demo)
    },
  )

  test('ended by a signal: still compares, and leaves nothing behind', async () => {
    const running = new Demo('--real')
    demo = running
    await until('traffic', () => running.output.includes('of traffic'), 60_000)
    expect(await tableExists('mariadb', running.table)).toBe(true)
    expect(await shows('mariadb', 'DATABASES', `ranktide${suffixOf(running.table)}`)).toBe(true)
    expect((await topicsOf(running.table)).length).toBeGreaterThan(0)
    expect((await keysOf(running.table)).length).toBeGreaterThan(0)
    expect(await processesIn(running.directory)).toBeGreaterThan(0)

    // The example application, by the line that was shown.
    const [, token = '', item = ''] = /curl -s -X POST .*\$\(cat (\S+)\)" (http:\S+)\/like\n/.exec(running.output) ?? []
    const ask = async (path: string, method: string) => {
      const headers = { authorization: `Bearer ${readFileSync(token, 'utf8')}` }
      const response = await fetch(`${item}${path}`, { method, headers })
      return { status: response.status, body: await response.json() }
    }
    expect(await ask('/like', 'POST')).toMatchObject({ status: 200, body: { data: { liked: true, changed: true } } })
    expect((await ask('/read', 'POST')).status).toBe(202)
    await until('the read is counted', async () => {
      const { body } = (await ask('', 'GET')) as { readonly body: { readonly data: { readonly read_cnt: number } } }
      return body.data.read_cnt > 0
    })
    running.child.kill('SIGTERM')
    expect(await running.ended()).toBe(0)
    expectAllRight(running)
    await leavesNothing('mariadb', running)
  })

  test('tells how it is used', async () => {
    demo = new Demo('--help')
    expect(await demo.ended()).toBe(0)
    expect(demo.output).toContain('./scripts/demo --real [--mysql] [--seconds N]')
    for (const [options, message] of [
      [['--real', '--seconds', '0'], '--seconds wants a whole number from 1'],
      [['--real', '--port', '8081'], '--port is not for --real'],
      [['--mysql'], '--mysql is for --real'],
      [['--fast'], 'unknown argument --fast'],
    ] as const) {
      const refused = new Demo(...options)
      expect(await refused.ended()).toBe(2)
      expect(refused.output).toContain(message)
    }
  })
})
