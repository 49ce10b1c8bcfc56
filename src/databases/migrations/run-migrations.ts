/**
 * Ranktide's own tables, made and brought up to date by plain SQL files, each applied once, in order. postgrator keeps
 * the table of what was applied, with the files' checksums.
 *
 * Guarantees: of several processes one applies, the others wait and then find nothing to do. A run that was killed is
 * gone on with by the next one: Postgres undoes all of it; MySQL and MariaDB commit each statement, so their files have
 * one statement each, which may be repeated (IF NOT EXISTS). A file that was changed after it had been applied is an
 * error, and nothing is applied then.
 */
import { basename } from 'node:path'
import { fileURLToPath } from 'node:url'
import Postgrator from 'postgrator'
import { RanktideError } from '../../core/errors.js'
import type { MigrationTarget } from './migration-target.js'

export interface MigrationFile {
  /** `001.do.consumer-offsets.sql` */
  readonly name: string
  readonly sql: string
}

export interface MigrationReport {
  /** `host:port/database` */
  readonly place: string
  /** Where the database stood before. */
  readonly version: number
  /** The newest version that this ranktide knows. */
  readonly known: number
  /** What was applied, or would be, in order. */
  readonly files: readonly MigrationFile[]
}

const table = 'ranktide_migrations'

/** postgrator puts names into its statements as they are. */
const quoted = (name: string): string => name.replaceAll("'", "''")

/** A path may hold what a pattern takes for a wildcard. */
const pattern = (directory: URL): string =>
  `${fileURLToPath(directory).replace(/[*?[\](){}!+@]/g, '[$&]')}/*.sql`.replace('//*', '/*')

const migratorOf = (target: MigrationTarget): Postgrator => {
  const settings = {
    schemaTable: table,
    migrationPattern: pattern(target.directory),
    newline: 'LF',
    execQuery: async (sql: string) => ({ rows: [...(await target.query(sql))] }),
    database: quoted(target.database),
  }
  return new Postgrator(
    target.driver === 'mysql'
      ? { ...settings, driver: 'mysql' }
      : { ...settings, driver: 'pg', ...(target.schema === undefined ? {} : { currentSchema: target.schema }) },
  )
}

const fileOf = (migration: Postgrator.Migration): MigrationFile => ({
  name: basename(migration.filename),
  sql: migration.getSql().trim(),
})

const failed = (target: MigrationTarget, file: string | undefined, error: unknown): RanktideError => {
  const said = error instanceof RanktideError ? error.detail : error instanceof Error ? error.message : String(error)
  const changed = /checksum failed/i.test(said) ? ': the file was changed after it had been applied' : ''
  const at = file === undefined ? '' : `${file}: `
  return new RanktideError('MIGRATION_FAILED', `${target.place}: ${at}${said}${changed}`, { cause: error })
}

/** Everything but another version of the table itself is told with the file at which it happened. */
const runOn = async (target: MigrationTarget, apply: boolean): Promise<MigrationReport> => {
  const migrator = migratorOf(target)
  let file: string | undefined
  const at = (migration: Postgrator.Migration): void => {
    file = basename(migration.filename)
  }
  migrator.on('validation-started', at)
  migrator.on('migration-started', at)
  try {
    if ((await migrator.getMigrations()).length === 0)
      throw new Error(`there are no files in ${fileURLToPath(target.directory)}`)
    const known = await migrator.getMaxVersion()
    const version = await migrator.getDatabaseVersion()
    // A newer ranktide has been here: nothing to apply, and nothing to undo.
    if (version > known) return { place: target.place, version, known, files: [] }
    if (apply) return { place: target.place, version, known, files: (await migrator.migrate()).map(fileOf) }
    await migrator.validateMigrations(version)
    return { place: target.place, version, known, files: migrator.getRunnableMigrations(version, known).map(fileOf) }
  } catch (error) {
    throw failed(target, file, error)
  }
}

/** Rejects with MIGRATION_FAILED, which says at which file and what the server said. */
export const applyMigrations = async (target: MigrationTarget): Promise<MigrationReport> => {
  try {
    return await target.alone(() => runOn(target, true))
  } catch (error) {
    if (error instanceof RanktideError && error.code === 'MIGRATION_FAILED') throw error
    throw failed(target, undefined, error)
  }
}

/** What `applyMigrations` would apply; changes nothing. */
export const planMigrations = (target: MigrationTarget): Promise<MigrationReport> => runOn(target, false)
