// The real servers of the service tests: where they are, and how to stop, kill and pause them.
// Addresses come from the environment (scripts/test sets it, or source the env file that scripts/services/up prints).
// Only servers that such a stack runs itself (RANKTIDE_STACK) can be controlled; one given by hand is never touched.
import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'

export type ServiceName = 'kafka' | 'redis' | 'mariadb' | 'mysql' | 'postgres' | 'canal'
export type DatabaseName = 'mariadb' | 'mysql'

const scripts = fileURLToPath(new URL('../../scripts/services/', import.meta.url))

function variable(name: string): string {
  const value = process.env[name]
  if (value) return value
  throw new Error(`${name} is not set: run scripts/services/up and source the env file it prints, or ./scripts/test`)
}

/** Addresses, read when asked for: `host:port` of Kafka, URLs of the others (the databases as the user app). */
export const stack = {
  get kafka(): string {
    return variable('RANKTIDE_TEST_KAFKA')
  },
  get redis(): string {
    return variable('RANKTIDE_TEST_REDIS')
  },
  get mariadb(): string {
    return variable('RANKTIDE_TEST_MARIADB')
  },
  get mysql(): string {
    return variable('RANKTIDE_TEST_MYSQL')
  },
  get postgres(): string {
    return variable('RANKTIDE_TEST_POSTGRES')
  },
}

/** A database's URL with a database name and, if given, another user: `reader` may only SELECT. */
export function databaseUrl(name: DatabaseName, database: string, user: 'app' | 'reader' = 'app'): string {
  const url = new URL(stack[name])
  url.pathname = `/${database}`
  if (user === 'reader') url.username = url.password = 'reader'
  return url.href
}

/** The Canal topic with all changes of database `webook` in one partition, or of `webook3` in three, by primary key. */
export function canalTopic(name: DatabaseName, database: 'webook' | 'webook3'): string {
  return `${name === 'mariadb' ? 'maria' : 'mysql'}.${database}`
}

/** Is this server run by a stack of ours, so that a test may stop it? One that is given by hand is not. */
export function controllable(name: ServiceName): boolean {
  const directory = process.env.RANKTIDE_STACK
  return Boolean(directory) && existsSync(join(directory ?? '', name, 'port'))
}

async function script(name: ServiceName, ...words: string[]): Promise<string> {
  if (!controllable(name))
    throw new Error(`${name} is given by the environment: it cannot be stopped or started from here`)
  const { stdout } = await promisify(execFile)(join(scripts, `${name}.sh`), words)
  return stdout.trim()
}

/** Each promise settles when it is so: `start` when the server answers, `stop` and `kill` when the process is gone. */
export interface Control {
  /** SIGTERM; also ends a paused server. */
  stop(): Promise<void>
  /** Same port, same data (Redis comes back empty). Nothing if it runs. */
  start(): Promise<void>
  /** SIGKILL. */
  kill(): Promise<void>
  /** SIGSTOP: connections stay open and nothing answers. */
  pause(): Promise<void>
  /** SIGCONT. */
  resume(): Promise<void>
  running(): Promise<boolean>
}

export function control(name: ServiceName): Control {
  const act = async (action: string): Promise<void> => {
    await script(name, action)
  }
  return {
    stop: () => act('stop'),
    start: () => act('start'),
    kill: () => act('kill'),
    pause: () => act('pause'),
    resume: () => act('resume'),
    running: async () => (await script(name, 'status')) === 'running',
  }
}

/** A place in a database's binlog. */
export interface BinlogPosition {
  readonly file: string
  readonly position: number
}

/** A destination of the stack's Canal: which database, and which of its two databases of tests. */
function destination(name: DatabaseName, database: 'webook' | 'webook3'): string {
  return `${name === 'mariadb' ? 'maria' : 'mysql'}${database === 'webook' ? '' : '3'}`
}

/** Up to where Canal has sent a database's binlog, as of at most a second ago. Rejects before its first message. */
export async function canalPosition(name: DatabaseName, database: 'webook' | 'webook3'): Promise<BinlogPosition> {
  const [file = '', position] = (await script('canal', 'position', destination(name, database))).split(' ')
  return { file, position: Number(position) }
}

/** Restarts Canal at an older place for one topic, so that everything since is sent again. */
export async function rewindCanal(
  name: DatabaseName,
  database: 'webook' | 'webook3',
  to: BinlogPosition,
): Promise<void> {
  await script('canal', 'rewind', destination(name, database), to.file, String(to.position))
}
