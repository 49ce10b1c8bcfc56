/** Ranktide's own tables, in the database of the configuration. */
import type { MigrationTarget } from '../databases/migrations/migration-target.js'
import { applyMigrations, type MigrationReport, planMigrations } from '../databases/migrations/run-migrations.js'
import { openMysqlMigrations } from '../databases/mysql/migration-target.js'
import { openPostgresMigrations } from '../databases/postgres/migration-target.js'
import type { Config } from '../runtime/config.js'

const openTarget = ({ database: { url, dialect, refill } }: Pick<Config, 'database'>): Promise<MigrationTarget> =>
  dialect === 'mysql' ? openMysqlMigrations(url, refill.timeoutMs) : openPostgresMigrations(url, refill.timeoutMs)

/** `dryRun`: only tells. Rejects with MIGRATION_FAILED, or DATABASE_* if the database cannot be reached; waits for nobody. */
export const migrate = async (config: Pick<Config, 'database'>, dryRun: boolean): Promise<MigrationReport> => {
  const target = await openTarget(config)
  try {
    return await (dryRun ? planMigrations(target) : applyMigrations(target))
  } finally {
    await target.close()
  }
}
