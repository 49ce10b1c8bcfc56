/** `ranktide migrate`: makes the tables that counters and the read history need, or brings them up to date. */
import type { Command } from 'commander'
import type { Config } from '../runtime/config.js'
import { loadConfig, type Surroundings } from '../runtime/load-config.js'
import { configOption } from './config-option.js'

export interface Migrated {
  /** `host:port/database` */
  readonly place: string
  /** Where the database stood before. */
  readonly version: number
  /** The newest version that this ranktide knows. */
  readonly known: number
  readonly files: readonly { readonly name: string; readonly sql: string }[]
}

export interface MigrateActions {
  /** `dryRun`: only tells what would be applied. */
  migrate(config: Config, dryRun: boolean): Promise<Migrated>
  readonly surroundings: Surroundings
  readonly out: (text: string) => void
}

const details = `
Counters and the read history keep their offsets, buckets and reads in tables of ranktide's own, in the database of
database.url: this makes them, and brings those of an older version up to date. It may be run at any time and by several
processes at once: what was applied is not applied again. The user needs the right to create tables there; the worker's
does not.

Examples:
  ranktide migrate
      makes consumer_offsets, count_buckets and read_history in the database of database.url, or brings them up to date
  ranktide migrate --dry-run --config counters.yaml
      prints the SQL that would be run, and runs nothing

Exit codes: 0 up to date, 1 failed, 2 usage or configuration.`

interface Words {
  readonly config: string
  readonly dryRun: boolean
}

export const addMigrate = (program: Command, actions: MigrateActions): void => {
  program
    .command('migrate')
    .description("make ranktide's own tables for counters and the read history, or bring them up to date")
    .addOption(configOption())
    .option('--dry-run', 'print what would be applied, and apply nothing', false)
    .addHelpText('after', details)
    .action(async ({ config: file, dryRun }: Words) => {
      const config = await loadConfig(file, actions.surroundings)
      const migrated = await actions.migrate(config, dryRun)
      actions.out(dryRun ? planText(migrated) : appliedText(migrated))
    })
}

const newer = ({ place, version, known }: Migrated): string =>
  `${place} is at version ${version}; this ranktide knows ${known}: nothing to apply\n`

const appliedText = (migrated: Migrated): string => {
  const { place, version, known, files } = migrated
  if (version > known) return newer(migrated)
  if (files.length === 0) return `${place} is at version ${known}: nothing to apply\n`
  const lines = files.map(({ name }) => `${place}: applied ${name}\n`)
  return `${lines.join('')}${place} is at version ${known}\n`
}

/** SQL that could be run by hand: what is no statement stands in comments. */
const planText = (migrated: Migrated): string => {
  const { place, version, known, files } = migrated
  if (version > known) return `-- ${newer(migrated)}`
  if (files.length === 0) return `-- ${place} is at version ${known}: nothing to apply\n`
  const texts = files.map(({ name, sql }) => `-- ${name}\n${sql}${sql.endsWith(';') ? '' : ';'}\n\n`)
  return `${texts.join('')}-- ${place} is at version ${version}; ranktide migrate brings it to ${known}\n`
}
