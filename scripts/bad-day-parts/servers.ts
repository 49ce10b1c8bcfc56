/** The servers of the stack that this run has started: where they are, and how they are stopped, paused and rewound. */
import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'

export type ServerName = 'kafka' | 'redis' | 'mariadb' | 'mysql' | 'canal'
export type DatabaseName = 'mariadb' | 'mysql'

/** From dist/scripts/bad-day-parts, where this runs. */
const scripts = fileURLToPath(new URL('../../../scripts/services/', import.meta.url))

const variable = (name: string): string => {
  const value = process.env[name]
  if (value === undefined || value === '') throw new Error(`${name} is not set: use ./scripts/bad-day`)
  return value
}

/** The address of a server: host:port of Kafka, URLs of the others. */
export const addressOf = (name: Exclude<ServerName, 'canal'>): string => variable(`RANKTIDE_TEST_${name.toUpperCase()}`)

export const databaseUrl = (name: DatabaseName): string => {
  const url = new URL(addressOf(name))
  url.pathname = '/webook'
  return url.href
}

/** Canal's destination for database `webook`, and its topic: scripts/services/canal-destinations. */
export const destinationOf = (name: DatabaseName): string => (name === 'mariadb' ? 'maria' : 'mysql')
export const topicOf = (name: DatabaseName): string => `${destinationOf(name)}.webook`

type Action = 'start' | 'stop' | 'pause' | 'resume'

const run = async (name: ServerName, ...words: readonly string[]): Promise<string> => {
  const { stdout } = await promisify(execFile)(join(scripts, `${name}.sh`), [...words])
  return stdout.trim()
}

/** Resolves when it is so: the server answers, or its process is gone. */
export const control = async (name: ServerName, action: Action): Promise<void> => {
  await run(name, action)
}

export interface BinlogPlace {
  readonly file: string
  readonly position: string
}

/** Up to where Canal has sent the binlog, as of a second ago at most. */
export const canalPlace = async (name: DatabaseName): Promise<BinlogPlace> => {
  const [file = '', position = ''] = (await run('canal', 'position', destinationOf(name))).split(' ')
  return { file, position }
}

/** Restarts Canal at an older place: it sends everything since again. */
export const rewindCanal = async (name: DatabaseName, { file, position }: BinlogPlace): Promise<void> => {
  await run('canal', 'rewind', destinationOf(name), file, position)
}
