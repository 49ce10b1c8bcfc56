// zapatos-schema.mjs DIRECTORY, for scripts/zapatos-schema: a database of its own is made in the Postgres that
// RANKTIDE_TEST_POSTGRES names, gets ranktide's own tables by their migrations, is read by zapatos, and dropped.
import { readdirSync, readFileSync } from 'node:fs'
import pg from 'pg'
import { generate } from 'zapatos/generate'

const [directory] = process.argv.slice(2)
const server = process.env.RANKTIDE_TEST_POSTGRES
if (!directory || !server)
  throw new Error('a directory and RANKTIDE_TEST_POSTGRES are wanted; see scripts/zapatos-schema')

const migrations = new URL('../src/databases/postgres/migrations/', import.meta.url)
const database = `ranktide_schema_${process.pid}`
const url = Object.assign(new URL(server), { pathname: `/${database}` }).href

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
  await run(
    url,
    files.sort().map((name) => readFileSync(new URL(name, migrations), 'utf8')),
  )
  await generate({
    db: { connectionString: url },
    outDir: directory,
    schemas: { public: { include: '*', exclude: [] } },
    // 64-bit numbers are then texts in the types, as they are at run time.
    customJSONParsingForLargeNumbers: true,
    schemaJSDoc: false,
    warningListener: true,
  })
} finally {
  await run(server, [`DROP DATABASE ${database} WITH (FORCE)`])
}
