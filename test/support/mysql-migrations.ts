import { readdirSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

const directory = fileURLToPath(new URL('../../src/databases/mysql/migrations/', import.meta.url))

/** The statements of ranktide's own tables, in order. */
export const mysqlMigrations = (): readonly string[] =>
  readdirSync(directory)
    .filter((name) => name.endsWith('.sql'))
    .sort()
    .map((name) => readFileSync(`${directory}${name}`, 'utf8'))
