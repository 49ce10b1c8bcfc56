// The committed types of ranktide's own tables are those that a real Postgres has after the migrations.
import { execFile } from 'node:child_process'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { expect, test } from 'vitest'
import { stack } from '../support/stack.js'

const root = fileURLToPath(new URL('../../', import.meta.url))

test('src/databases/postgres/zapatos/schema.d.ts is what scripts/zapatos-schema writes', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'ranktide-schema-'))
  try {
    const env = { ...process.env, RANKTIDE_TEST_POSTGRES: stack.postgres }
    await promisify(execFile)(join(root, 'scripts/zapatos-schema'), [directory], { env })
    const generated = await readFile(join(directory, 'zapatos/schema.d.ts'), 'utf8')
    expect(await readFile(join(root, 'src/databases/postgres/zapatos/schema.d.ts'), 'utf8')).toBe(generated)
  } finally {
    await rm(directory, { recursive: true })
  }
})
