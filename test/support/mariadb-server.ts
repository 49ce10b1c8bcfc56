/** A MariaDB of a test's own, with settings that the stack's must not have. Ended by its own handle. */
import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { type Connection, createConnection } from 'mysql2/promise'
import { until } from './until.js'

const freePort = async (): Promise<number> => {
  const server = createServer()
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  await new Promise((closed) => server.close(closed))
  return typeof address === 'object' && address !== null ? address.port : 0
}

/** Whom the server runs as: it refuses to be root unless told so. */
const user = process.getuid?.() === 0 ? ['--user=root'] : []

export class MariadbServer {
  readonly port: number
  /** As root, in no database. */
  readonly root: Connection
  readonly #child: ChildProcess
  readonly #directory: string

  private constructor(port: number, root: Connection, child: ChildProcess, directory: string) {
    this.port = port
    this.root = root
    this.#child = child
    this.#directory = directory
  }

  /** `settings`: options of mariadbd. Resolves when it answers. */
  static async start(...settings: string[]): Promise<MariadbServer> {
    const directory = await mkdtemp(join(tmpdir(), 'ranktide-mariadb-'))
    const [data, socket, port] = [join(directory, 'data'), join(directory, 'socket'), await freePort()]
    await promisify(execFile)('mariadb-install-db', [
      ...['--no-defaults', '--auth-root-authentication-method=normal', '--skip-test-db', `--datadir=${data}`, ...user],
    ])
    const child = spawn(
      'mariadbd',
      [
        ...[
          '--no-defaults',
          ...user,
          `--datadir=${data}`,
          `--socket=${socket}`,
          `--pid-file=${join(directory, 'pid')}`,
        ],
        ...[`--port=${port}`, '--bind-address=127.0.0.1', '--skip-name-resolve', '--innodb-buffer-pool-size=32M'],
        ...['--innodb-flush-log-at-trx-commit=2', '--performance-schema=OFF', ...settings],
      ],
      { stdio: 'ignore' },
    )
    let root: Connection | undefined
    await until(
      'MariaDB answers',
      async () => {
        if (child.exitCode !== null) throw new Error('MariaDB ended')
        root = await createConnection({ user: 'root', socketPath: socket }).catch(() => undefined)
        return root !== undefined
      },
      30_000,
    )
    if (root === undefined) throw new Error('MariaDB does not answer')
    return new MariadbServer(port, root, child, directory)
  }

  url(account: string, database: string): string {
    return `mysql://${account}@127.0.0.1:${this.port}/${database}`
  }

  async sql(...statements: string[]): Promise<void> {
    for (const statement of statements) await this.root.query(statement)
  }

  /** SIGKILL. */
  async close(): Promise<void> {
    this.root.destroy()
    if (this.#child.exitCode === null && this.#child.signalCode === null) {
      const gone = once(this.#child, 'exit')
      this.#child.kill('SIGKILL')
      await gone
    }
    await rm(this.#directory, { recursive: true, force: true })
  }
}
