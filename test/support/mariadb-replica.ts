/** A MariaDB of a test's own that replicates some tables of the stack's, and may lag, stand still, be killed and restarted. */
import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { createConnection, type RowDataPacket } from 'mysql2/promise'
import { databaseUrl } from './stack.js'
import { until } from './until.js'

/** Below the range from which outgoing connections take theirs: it has to be free again when the replica comes back. */
const freePort = async (): Promise<number> => {
  for (;;) {
    const port = 20_000 + Math.floor(Math.random() * 12_000)
    const server = createServer()
    const free = await new Promise<boolean>((resolve) => {
      server.once('error', () => resolve(false)).listen(port, '127.0.0.1', () => resolve(true))
    })
    if (!free) continue
    await new Promise((closed) => server.close(closed))
    return port
  }
}

/** Whom the server runs as: it refuses to be root unless told so. */
const user = process.getuid?.() === 0 ? ['--user=root'] : []

export class MariadbReplica {
  readonly port: number
  readonly #directory: string
  readonly #filter: readonly string[]
  #child: ChildProcess | undefined
  #output = ''

  private constructor(port: number, directory: string, filter: readonly string[]) {
    this.port = port
    this.#directory = directory
    this.#filter = filter
  }

  /**
   * Replicates from now on. `empty`: tables of the database that are there already, without rows; `later`: those that are
   * not made yet. All else is left out: what other tests do to tables that are not here would stop it.
   */
  static async start(database: string, empty: readonly string[], later: readonly string[]): Promise<MariadbReplica> {
    const tables = [...empty, ...later].map((table) => `--replicate-do-table=${database}.${table}`)
    const directory = await mkdtemp(join(tmpdir(), 'ranktide-replica-'))
    const replica = new MariadbReplica(await freePort(), directory, [`--replicate-do-db=${database}`, ...tables])
    try {
      await promisify(execFile)('mariadb-install-db', [
        ...['--no-defaults', '--auth-root-authentication-method=normal', '--skip-test-db'],
        ...[`--datadir=${join(directory, 'data')}`, ...user],
      ])
      await replica.up()
      await replica.#follow(database, empty)
    } catch (error) {
      await replica.close()
      throw error
    }
    return replica
  }

  /** As the user app, with all rights. */
  url(database: string): string {
    const url = new URL(databaseUrl('mariadb', database))
    url.host = this.address
    return url.href
  }

  get address(): string {
    return `127.0.0.1:${this.port}`
  }

  /** As the user app; several statements, if need be. */
  async #sql(statements: string): Promise<void> {
    const connection = await createConnection({ uri: this.url('mysql'), multipleStatements: true })
    await connection.query(statements).finally(() => connection.end())
  }

  /** Applies changes this many seconds after their commit; 0: at once. Servers count whole seconds: up to one less. */
  async lag(seconds: number): Promise<void> {
    await this.#sql(`STOP SLAVE; CHANGE MASTER TO MASTER_DELAY = ${seconds}; START SLAVE`)
  }

  /** Changes are fetched, but not applied. */
  async stopApplying(): Promise<void> {
    await this.#sql('STOP SLAVE SQL_THREAD')
  }

  async startApplying(): Promise<void> {
    await this.#sql('START SLAVE SQL_THREAD')
  }

  /** On the port it had; replicates on from where it was. Resolves when it answers; nothing if it runs. */
  async up(): Promise<void> {
    if (this.#running !== undefined) return
    const child = spawn(
      'mariadbd',
      [
        ...['--no-defaults', ...user, `--datadir=${join(this.#directory, 'data')}`],
        ...[`--socket=${this.#socket}`, `--pid-file=${join(this.#directory, 'pid')}`, '--skip-name-resolve'],
        ...[`--port=${this.port}`, '--bind-address=127.0.0.1', `--server-id=${100_000 + this.port}`, ...this.#filter],
        ...['--innodb-buffer-pool-size=32M', '--innodb-flush-log-at-trx-commit=2', '--performance-schema=OFF'],
        ...['--character-set-server=utf8mb4', '--collation-server=utf8mb4_general_ci', '--default-time-zone=+00:00'],
      ],
      { stdio: ['ignore', 'pipe', 'pipe'] },
    )
    this.#child = child
    for (const stream of [child.stdout, child.stderr])
      stream.setEncoding('utf8').on('data', (text: string) => {
        this.#output += text
      })
    const answers = async (): Promise<boolean> => {
      if (child.exitCode !== null) throw new Error(`the replica ended:\n${this.#output}`)
      return this.#asRoot([['SELECT 1']]).then(
        () => true,
        () => false,
      )
    }
    await until('the replica answers', answers, 30_000)
  }

  /** SIGKILL. */
  async down(): Promise<void> {
    const child = this.#running
    if (child === undefined) return
    const gone = once(child, 'exit')
    child.kill('SIGKILL')
    await gone
  }

  async close(): Promise<void> {
    await this.down()
    await rm(this.#directory, { recursive: true, force: true })
  }

  get #running(): ChildProcess | undefined {
    return this.#child?.exitCode === null && this.#child.signalCode === null ? this.#child : undefined
  }

  get #socket(): string {
    return join(this.#directory, 'socket')
  }

  async #asRoot(statements: readonly (readonly [sql: string, values?: readonly unknown[]])[]): Promise<void> {
    const connection = await createConnection({ user: 'root', socketPath: this.#socket })
    try {
      for (const [sql, values = []] of statements) await connection.query(sql, [...values])
    } finally {
      await connection.end()
    }
  }

  /** By GTID, which the server keeps in a table of its own: a killed one knows what it has applied. */
  async #follow(database: string, empty: readonly string[]): Promise<void> {
    const url = new URL(databaseUrl('mariadb', database))
    const [name, password] = [decodeURIComponent(url.username), decodeURIComponent(url.password)]
    const primary = await createConnection(url.href)
    try {
      const made: string[] = []
      for (const table of empty) {
        const [[row]] = await primary.query<RowDataPacket[]>(`SHOW CREATE TABLE ${table}`)
        made.push(String(row?.['Create Table']))
      }
      const [[at]] = await primary.query<RowDataPacket[]>('SELECT @@gtid_binlog_pos AS gtid')
      await this.#asRoot([
        [`CREATE DATABASE ${database} CHARACTER SET utf8mb4`],
        [`USE ${database}`],
        ...made.map((sql) => [sql] as const),
        [`GRANT ALL ON *.* TO ?@'127.0.0.1' IDENTIFIED BY ?`, [name, password]],
        ['SET GLOBAL gtid_slave_pos = ?', [at?.gtid]],
        [
          `CHANGE MASTER TO MASTER_HOST = ?, MASTER_PORT = ?, MASTER_USER = ?, MASTER_PASSWORD = ?,
           MASTER_USE_GTID = slave_pos, MASTER_CONNECT_RETRY = 1`,
          [url.hostname, Number(url.port || 3306), name, password],
        ],
        ['START SLAVE'],
      ])
    } finally {
      await primary.end()
    }
  }
}
