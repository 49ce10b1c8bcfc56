/** The check that CI runs catches what it is there for: each kind of fault is planted once. */
import { execFile } from 'node:child_process'
import { cp, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'

const root = fileURLToPath(new URL('..', import.meta.url))
const biome = join(root, 'node_modules/.bin/biome')

const faults = [
  ['core importing operators', 'src/core/fault.ts', "import '../operators/ports.js'\n", 'noRestrictedImports'],
  [
    'core importing rxjs',
    'src/core/fault.ts',
    "import { of } from 'rxjs'\nexport const fault = of(1)\n",
    'noRestrictedImports',
  ],
  ['core importing node', 'src/core/fault.ts', "import 'node:fs'\n", 'noRestrictedImports'],
  [
    'core reading the clock',
    'src/core/fault.ts',
    'export const fault = (): number => Date.now()\n',
    'noRestrictedGlobals',
  ],
  ['operators importing a client', 'src/operators/fault.ts', "import 'ioredis'\n", 'noRestrictedImports'],
  ['operators importing zapatos', 'src/operators/fault.ts', "import 'zapatos/db'\n", 'noRestrictedImports'],
  ['core importing pg', 'src/core/fault.ts', "import 'pg'\n", 'noRestrictedImports'],
  ['formats importing luxon', 'src/formats/fault.ts', "import 'luxon'\n", 'noRestrictedImports'],
  [
    'a pipeline importing a source',
    'pipelines/fault.ts',
    "import '../src/sources/kafka-feed.js'\n",
    'noRestrictedImports',
  ],
  ['sources importing redis', 'src/sources/fault.ts', "import '../redis/keys.js'\n", 'noRestrictedImports'],
  ['the worker importing the demo', 'src/worker/fault.ts', "import '../demo/demo-stream.js'\n", 'noRestrictedImports'],
  ['http importing the worker', 'src/http/fault.ts', "import '../worker/database.js'\n", 'noRestrictedImports'],
  ['any', 'src/core/fault.ts', 'export const fault = (value: any): void => value()\n', 'noExplicitAny'],
] as const

describe('the check', () => {
  let directory: string

  beforeEach(async () => {
    directory = await mkdtemp(join(root, '.planted-'))
    const config = JSON.parse(await readFile(join(root, 'biome.json'), 'utf8')) as Record<string, unknown>
    await writeFile(join(directory, 'biome.json'), JSON.stringify({ ...config, root: true, vcs: { enabled: false } }))
    await cp(join(root, 'package.json'), join(directory, 'package.json'))
  })

  afterEach(() => rm(directory, { recursive: true, force: true }))

  const check = async (files: Readonly<Record<string, string>>): Promise<string> => {
    for (const [file, text] of Object.entries(files)) {
      await mkdir(join(directory, dirname(file)), { recursive: true })
      await writeFile(join(directory, file), text)
    }
    const ran = promisify(execFile)(biome, ['lint', '--error-on-warnings', '--colors=off'], { cwd: directory })
    return ran.then(
      () => '',
      ({ stdout, stderr }: { stdout: string; stderr: string }) => stdout + stderr,
    )
  }

  test('accepts what is sound', async () => {
    expect(await check({ 'src/core/sound.ts': 'export const sound = 1\n' })).toBe('')
  })

  test.each(faults)('refuses %s', async (_name, file, text, rule) => {
    expect(await check({ [file]: text })).toContain(rule)
  })

  test('refuses a cycle of imports', async () => {
    const found = await check({
      'src/core/one.ts': "import { two } from './two.js'\nexport const one = (): number => two()\n",
      'src/core/two.ts': "import { one } from './one.js'\nexport const two = (): number => one()\n",
    })
    expect(found).toContain('noImportCycles')
  })
})
