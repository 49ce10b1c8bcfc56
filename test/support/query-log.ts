/** The queries that others than the test send about one table: the server's own log of everything it is asked. */
import { type Connection, createConnection, type RowDataPacket } from 'mysql2/promise'
import { type DatabaseName, databaseUrl } from './stack.js'

const idOf = async (connection: Connection): Promise<number> => {
  const [[row]] = await connection.query<RowDataPacket[]>('SELECT CONNECTION_ID() AS id')
  return Number(row?.id)
}

export class QueryLog {
  readonly #connection: Connection
  readonly #before: readonly string[]

  private constructor(connection: Connection, before: readonly string[]) {
    this.#connection = connection
    this.#before = before
  }

  /** Logs into mysql.general_log until `stop`, which puts back what was set. */
  static start(server: DatabaseName): Promise<QueryLog> {
    return QueryLog.startAt(databaseUrl(server, 'mysql'))
  }

  /** Of a server that is not the stack's. */
  static async startAt(url: string): Promise<QueryLog> {
    const connection = await createConnection(url)
    const [[settings]] = await connection.query<RowDataPacket[]>(
      'SELECT @@GLOBAL.general_log AS log, @@GLOBAL.log_output AS output',
    )
    await connection.query("SET GLOBAL log_output = 'TABLE'")
    await connection.query('SET GLOBAL general_log = 1')
    return new QueryLog(connection, [String(settings?.log), String(settings?.output)])
  }

  /** Statements that read rows of the table, oldest first. `but`: connections that do not count. */
  async reads(table: string, but: readonly Connection[]): Promise<readonly string[]> {
    return (await this.#read(table, but)).map(({ statement }) => statement)
  }

  /** When they were asked, ms since 1970, oldest first. */
  async readTimes(table: string, but: readonly Connection[]): Promise<readonly number[]> {
    return (await this.#read(table, but)).map(({ at }) => at)
  }

  async #read(
    table: string,
    but: readonly Connection[],
  ): Promise<readonly { readonly statement: string; readonly at: number }[]> {
    const own = await Promise.all([this.#connection, ...but].map(idOf))
    const [rows] = await this.#connection.query<RowDataPacket[]>(
      `SELECT CONVERT(argument USING utf8mb4) AS statement, UNIX_TIMESTAMP(event_time) * 1000 AS at FROM mysql.general_log
       WHERE command_type IN ('Query', 'Execute') AND thread_id NOT IN (?) AND CONVERT(argument USING utf8mb4) LIKE ?
       ORDER BY event_time`,
      [own, `SELECT%${table}%`],
    )
    return rows
      .map(({ statement, at }) => ({ statement: String(statement), at: Number(at) }))
      .filter(({ statement }) => !statement.includes('INFORMATION_SCHEMA'))
  }

  async stop(): Promise<void> {
    await this.#connection.query('SET GLOBAL general_log = ?', [Number(this.#before[0])])
    await this.#connection.query('SET GLOBAL log_output = ?', [this.#before[1]])
    await this.#connection.end()
  }
}
