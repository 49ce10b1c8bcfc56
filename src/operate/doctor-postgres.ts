/** The doctor's look at a Postgres, which holds counted tables alone; those are asked for with the counters. */
import { sql } from 'zapatos/db'
import { createPostgresPool } from '../databases/postgres/connection.js'
import type { Config } from '../runtime/config.js'
import { clockFinding } from './doctor-database.js'
import { type DoctorFinding, failed, fine } from './doctor-finding.js'

/** Never rejects. */
export const postgresFindings = async ({ database }: Config): Promise<readonly DoctorFinding[]> => {
  const pool = createPostgresPool({ url: database.url, timeoutMs: database.refill.timeoutMs })
  try {
    return await pool.use(async (session) => {
      const before = Date.now()
      const [row] = await session.run<{ version: string; now: string }[]>(
        'asking for version and time',
        sql`SELECT current_setting('server_version') AS version, (extract(epoch FROM clock_timestamp()) * 1000)::bigint::text AS now`,
      )
      const after = Date.now()
      return [
        fine('database', `Postgres ${row?.version} at ${pool.address}, as ${pool.user}`),
        clockFinding('database clock', Number(row?.now), before, after),
      ]
    })
  } catch (error) {
    return [failed('database', error)]
  } finally {
    await pool.close()
  }
}
