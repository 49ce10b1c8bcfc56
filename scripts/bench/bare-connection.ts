/** One connection to a database by its bare client, without anything of ranktide's around it. */
import mysql from 'mysql2/promise'
import pg from 'pg'

export interface BareConnection {
  run(sql: string): Promise<unknown>
  end(): Promise<void>
}

export const openBare = async (url: string): Promise<BareConnection> => {
  if (url.startsWith('mysql:')) {
    const connection = await mysql.createConnection(url)
    return { run: (sql) => connection.query(sql), end: () => connection.end() }
  }
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  return { run: (sql) => client.query(sql), end: () => client.end() }
}
