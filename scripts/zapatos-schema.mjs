// The types of ranktide's own tables in Postgres, from a real Postgres: a database is made for it, migrated and dropped.
//   RANKTIDE_TEST_POSTGRES=postgres://… node scripts/zapatos-schema.mjs DIRECTORY    writes DIRECTORY/zapatos/schema.d.ts
import { readdirSync, readFileSync } from 'node:fs'
import pg from 'pg'
import { generate } from 'zapatos/generate'

const [directory] = process.argv.slice(2)
const server = process.env.RANKTIDE_TEST_POSTGRES
if (!directory || !server) {
  console.error('usage: RANKTIDE_TEST_POSTGRES=postgres://user:password@host:port/database zapatos-schema.mjs DIRECTORY')
  process.exit(2)
}
const migrations = new URL('../src/databases/postgres/migrations/', import.meta.url)
const database = `ranktide_schema_${process.pid}`
const url = new URL(server)
url.pathname = `/${database}`

const run = async (connectionString, statements) => {
  const client = new pg.Client({ connectionString })
  await client.connect()
  try {
    for (const statement of statements) await client.query(statement)
  } finally {
    await client.end()
  }
}

await run(server, [`CREATE DATABASE ${database}`])
try {
  const files = readdirSync(migrations).filter((name) => name.includes('.do.'))
  await run(url.href, files.sort().map((name) => readFileSync(new URL(name, migrations), 'utf8')))
  await generate({
    db: { connectionString: url.href },
    outDir: directory,
    schemas: { public: { include: '*', exclude: [] } },
    customJSONParsingForLargeNumbers: true,
    schemaJSDoc: false,
    progressListener: false,
    warningListener: true,
  })
} finally {
  await run(server, [`DROP DATABASE ${database} WITH (FORCE)`])
}
