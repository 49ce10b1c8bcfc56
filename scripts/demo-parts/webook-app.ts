/** The example application on the demo's servers, so that whoever looks can like and read articles too. */
import { randomBytes } from 'node:crypto'
import { createWriteStream, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { isRight } from 'fp-ts/lib/Either.js'
import { SignJWT } from 'jose'
import { type TableNames, tableNames } from '../../examples/webook/item.js'
import { databaseTimeout, serve } from '../../examples/webook/serve.js'
import { readSettings } from '../../examples/webook/settings.js'
import type { ItemKey } from '../../src/core/count-batch.js'
import { MysqlReadHistory } from '../../src/databases/mysql/read-history.js'
import { readEvent } from '../../src/formats/read-event.js'
import type { MessageProducer } from '../../src/operators/message-ports.js'
import { Lifecycle } from '../../src/runtime/lifecycle.js'
import { createLog } from '../../src/runtime/log.js'
import { changesTopic, type Names, type Setting, server } from './demo-setting.js'

const migrations = new URL('../../examples/webook/migrations/', import.meta.url)

/** The statements that make the application's tables under the demo's names, that of the articles first. */
export const webookTables = (tables: TableNames): readonly string[] =>
  [
    ['001.do.interactives.sql', tableNames.interactives, tables.interactives] as const,
    ['002.do.user-likes.sql', tableNames.like, tables.like] as const,
    ['003.do.user-collects.sql', tableNames.collect, tables.collect] as const,
    ['004.do.users.sql', tableNames.users, tables.users] as const,
  ].map(([file, from, to]) =>
    readFileSync(new URL(file, migrations), 'utf8').replace(`IF NOT EXISTS ${from} (`, `${to} (`),
  )

export interface WebookOptions {
  readonly setting: Setting
  readonly names: Names
  readonly producer: MessageProducer
  /** Told of each read that the topic has taken. */
  readonly took: (item: ItemKey) => void
}

export interface Webook {
  /** What to type to use it. */
  readonly hint: string
  close(): Promise<unknown>
}

/** The demo's own producer, which stays open; what it sends is told. */
const tellingProducer = ({ producer, took }: WebookOptions): MessageProducer => ({
  send: async (message) => {
    const delivery = await producer.send(message)
    const read = readEvent(message.value, undefined)
    if (isRight(read)) took(read.right)
    return delivery
  },
  close: async () => {},
})

/** Resolves when it listens, on any free port. */
export const startWebook = async (options: WebookOptions): Promise<Webook> => {
  const { setting, names } = options
  const secret = randomBytes(32).toString('hex')
  const settings = readSettings({
    DATABASE_URL: names.webookUrl,
    REDIS_URL: server('redis'),
    REDIS_PREFIX: `${names.prefix}.webook`,
    KAFKA_BROKERS: server('kafka'),
    READ_TOPIC: names.reads,
    CHANGES_TOPIC: changesTopic(setting),
    TOKEN_SECRET: secret,
    HTTP_PORT: '0',
  })
  const log = createLog(
    { instance: 'webook', log: { level: 'info' } },
    createWriteStream(join(setting.directory, 'webook.log')),
  )
  const lifecycle = new Lifecycle({ log, exit: () => {} })
  const { address } = await serve(settings, log, lifecycle, {
    tables: names.tables,
    producer: async () => tellingProducer(options),
    history: new MysqlReadHistory({ url: names.databaseUrl, timeoutMs: databaseTimeout }),
  })
  const token = await new SignJWT({ sub: '7' })
    .setIssuer(settings.TOKEN_ISSUER)
    .setExpirationTime('1d')
    .setProtectedHeader({ alg: 'HS256' })
    .sign(new TextEncoder().encode(secret))
  const file = join(setting.directory, 'token')
  writeFileSync(file, token, { mode: 0o600 })
  const curl = `curl -s -X POST -H "authorization: Bearer $(cat ${file})" ${address}/interactions/et/11/like`
  return { hint: `examples/webook: ${address}, as user 7:\n${curl}`, close: () => lifecycle.close('the demo is over') }
}
