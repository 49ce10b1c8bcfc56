/** The example application on real servers, with tables of its own in a database that Canal follows. */
import { randomUUID } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import { Writable } from 'node:stream'
import { SignJWT } from 'jose'
import type { TableNames } from '../../examples/webook/item.js'
import { type Served, type ServeParts, serve } from '../../examples/webook/serve.js'
import { readSettings } from '../../examples/webook/settings.js'
import { createMysqlPool, type Session, type SqlRow } from '../../src/databases/mysql/connection.js'
import { MysqlReadHistory } from '../../src/databases/mysql/read-history.js'
import { Lifecycle } from '../../src/runtime/lifecycle.js'
import { createLog } from '../../src/runtime/log.js'
import { KafkaMessageProducer } from '../../src/sources/kafka-message-producer.js'
import { canalTopic, type DatabaseName, databaseUrl, stack } from './stack.js'

export const tokenSecret = 'the secret of the tests, 32 bytes'

export const tokenOf = (uid: string): Promise<string> =>
  new SignJWT({ sub: uid, iss: 'webook', exp: Math.floor(Date.now() / 1000) + 600 })
    .setProtectedHeader({ alg: 'HS256' })
    .sign(new TextEncoder().encode(tokenSecret))

export interface WebookOptions {
  readonly redisUrl: string
  readonly readTopic?: string
  /** Where reads go; the changes of the table always come from the stack's broker. */
  readonly producerBrokers?: string
  readonly cacheTtl?: string
  readonly history?: ServeParts['history']
}

export interface Answer {
  readonly status: number
  readonly headers: Headers
  // biome-ignore lint/suspicious/noExplicitAny: what a test reads of a JSON answer it compares with what it expects
  readonly body: any
}

const migrations = new URL('../../examples/webook/migrations/', import.meta.url)

/** A table name as the migrations have it, and as this run has it. */
const renamed = (tables: TableNames): readonly (readonly [string, string])[] => [
  ['interactives', tables.interactives],
  ['user_likes', tables.like],
  ['user_collects', tables.collect],
  ['users', tables.users],
]

/** The tables of one application, with what tests ask of them behind its back. */
export class WebookTables {
  readonly names: TableNames
  readonly url: string
  readonly #pool: ReturnType<typeof createMysqlPool>

  private constructor(server: DatabaseName, names: TableNames) {
    this.names = names
    this.url = databaseUrl(server, 'webook')
    this.#pool = createMysqlPool({ url: this.url, timeoutMs: 10_000, timeZone: '+00:00', connections: 2 })
  }

  static async create(server: DatabaseName): Promise<WebookTables> {
    const id = `w_${randomUUID().slice(0, 8)}`
    const names = { interactives: `${id}_i`, like: `${id}_l`, collect: `${id}_c`, users: `${id}_u` }
    const tables = new WebookTables(server, names)
    for (const file of readdirSync(migrations).sort()) {
      const sql = readFileSync(new URL(file, migrations), 'utf8')
      await tables.query(
        renamed(names).reduce((text, [from, to]) => text.replace(`NOT EXISTS ${from} (`, `NOT EXISTS ${to} (`), sql),
      )
    }
    return tables
  }

  use<T>(work: (session: Session) => Promise<T>): Promise<T> {
    return this.#pool.use(work)
  }

  async query(sql: string): Promise<readonly SqlRow[]> {
    return (await this.#pool.use((session) => session.query('test', sql))).rows
  }

  async drop(): Promise<void> {
    await this.query(`DROP TABLE ${Object.values(this.names).join(', ')}`)
    await this.#pool.close()
  }
}

export interface WebookApp {
  readonly served: Served
  readonly logged: () => string
  ask(uid: string, line: string, body?: object): Promise<Answer>
  close(): Promise<boolean>
}

export const startWebook = async (
  server: DatabaseName,
  tables: WebookTables,
  options: WebookOptions,
): Promise<WebookApp> => {
  const settings = readSettings({
    DATABASE_URL: tables.url,
    REDIS_URL: options.redisUrl,
    REDIS_PREFIX: tables.names.interactives,
    KAFKA_BROKERS: stack.kafka,
    READ_TOPIC: options.readTopic ?? 'no-topic',
    CHANGES_TOPIC: canalTopic(server, 'webook'),
    TOKEN_SECRET: tokenSecret,
    HTTP_PORT: '0',
    CACHE_TTL: options.cacheTtl ?? '60s',
    READ_TIMEOUT: '1500ms',
  })
  const lines: string[] = []
  const destination = new Writable({
    write: (line: Buffer, _encoding, done) => {
      lines.push(line.toString())
      done()
    },
  })
  const log = createLog({ instance: 'webook', log: { level: 'debug' } }, destination)
  const exit = (code: number): void => {
    lines.push(`exited with ${code}`)
  }
  const lifecycle = new Lifecycle({ log, exit })
  const served = await serve(settings, log, lifecycle, {
    tables: tables.names,
    producer: () => KafkaMessageProducer.connect({ brokers: options.producerBrokers ?? stack.kafka, timeout: 1_500 }),
    history: options.history ?? new MysqlReadHistory({ url: tables.url, timeoutMs: 5_000 }),
  })
  return {
    served,
    logged: () => lines.join(''),
    ask: async (uid, line, body) => {
      const [method = '', path = ''] = line.split(' ')
      const headers = { authorization: `Bearer ${await tokenOf(uid)}`, 'content-type': 'application/json' }
      const sent = body === undefined ? {} : { body: JSON.stringify(body) }
      const answer = await fetch(`${served.address}${path}`, { method, headers, ...sent })
      return { status: answer.status, headers: answer.headers, body: await answer.json() }
    },
    close: () => lifecycle.close('test'),
  }
}
