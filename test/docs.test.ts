import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { Registry } from 'prom-client'
import { describe, expect, test } from 'vitest'
import { errorTable } from '../src/core/errors.js'
import { createMarkerTable } from '../src/databases/mysql/marker.js'
import { createCounterRecorder } from '../src/http/counter-metrics.js'
import { createRecorder } from '../src/http/metrics.js'
import { createReloadRecorder } from '../src/http/reload-metrics.js'
import { configJsonSchema } from '../src/runtime/config-json-schema.js'
import { parseConfig } from '../src/runtime/load-config.js'

// What the documentation says has to be what the program has: keys, defaults, metrics, errors, links, examples.

const root = fileURLToPath(new URL('..', import.meta.url))
const read = (file: string): string => readFileSync(join(root, file), 'utf8')

const filesIn = (folder: string, ending: string): readonly string[] =>
  readdirSync(join(root, folder))
    .filter((name) => name.endsWith(ending))
    .map((name) => join(folder, name))

const pages = [
  ...filesIn('docs', '.md'),
  ...['README.md', 'CHANGELOG.md'].filter((file) => existsSync(join(root, file))),
]

interface Schema {
  readonly properties?: Readonly<Record<string, Schema>>
  readonly additionalProperties?: boolean | Schema
  readonly items?: Schema
  readonly anyOf?: readonly Schema[]
  readonly default?: unknown
}

interface Key {
  readonly path: string
  readonly default: unknown
}

/** Every key that the schema names and that holds no further named keys: `redis.cluster[].port`, `boards.NAME.size`. */
const keysOf = (schema: Schema, path = ''): readonly Key[] => {
  const below = [
    ...Object.entries(schema.properties ?? {}).flatMap(([name, child]) => {
      const full = path === '' ? name : `${path}.${name}`
      const keys = keysOf(child, full)
      const isSection = child.properties !== undefined || typeof child.additionalProperties === 'object'
      return isSection && keys.length > 0 ? keys : [{ path: full, default: child.default }, ...keys]
    }),
    ...(typeof schema.additionalProperties === 'object' ? keysOf(schema.additionalProperties, `${path}.NAME`) : []),
    ...(schema.items === undefined ? [] : keysOf(schema.items, `${path}[]`)),
    ...(schema.anyOf ?? []).flatMap((branch) => keysOf(branch, path)),
  ]
  return [...new Map(below.map((key) => [key.path, key])).values()]
}

/** The row of a table whose first cell is this code. */
const rowOf = (page: string, name: string): string | undefined =>
  page.split('\n').find((line) => line.startsWith(`| \`${name}\` |`))

describe('docs/configuration.md', () => {
  const page = read('docs/configuration.md')
  const keys = keysOf(configJsonSchema() as Schema)

  test('the schema has keys of every kind', () => {
    const paths = keys.map(({ path }) => path)
    expect(paths).toEqual(
      expect.arrayContaining(['kafka.client', 'instance', 'redis.cluster[].port', 'boards.NAME.window.time']),
    )
    expect(paths).not.toContain('kafka')
  })

  test.each(keys)('has $path, with its default', ({ path, default: standard }) => {
    const row = rowOf(page, path)
    expect(row, path).toBeDefined()
    if (standard === undefined) return
    const shown = typeof standard === 'string' ? standard : JSON.stringify(standard)
    expect(row).toContain(`| \`${shown}\` |`)
  })
})

describe.each([
  {
    file: 'docs/operations.md',
    register: (registry: Registry) => {
      createRecorder(registry, Date.now)
      createReloadRecorder(registry)
    },
  },
  { file: 'docs/counters.md', register: (registry: Registry) => createCounterRecorder(registry) },
])('$file', ({ file, register }) => {
  const page = read(file)

  test('has every metric, with its labels', async () => {
    const registry = new Registry()
    register(registry)
    const metrics = registry.getMetricsAsArray().filter(({ name }) => name.startsWith('ranktide_'))
    expect(metrics.length).toBeGreaterThan(10)
    for (const metric of metrics) {
      const row = rowOf(page, metric.name)
      expect(row, metric.name).toBeDefined()
      for (const label of (metric as unknown as { labelNames: readonly string[] }).labelNames)
        expect(row, `${metric.name} has the label ${label}`).toContain(`\`${label}\``)
    }
  })
})

describe('docs/errors.md', () => {
  const page = read('docs/errors.md')

  test.each(Object.entries(errorTable))('has the error %s, with its verdict', (code, { verdict }) => {
    expect(rowOf(page, code)).toContain(`| ${verdict} |`)
  })
})

test('docs/canal.md has the statement that makes the marker table', () => {
  const statement = createMarkerTable({ database: 'webook', table: 'ranktide_marker' })
  expect(read('docs/canal.md')).toContain(`${statement};`)
})

/** As GitHub makes them of headings. */
const anchorsOf = (page: string): readonly string[] =>
  [...page.matchAll(/^#+ (.+)$/gm)].map(([, heading = '']) =>
    heading
      .toLowerCase()
      .replace(/[^\p{L}\p{N} _-]/gu, '')
      .replaceAll(' ', '-'),
  )

test.each(pages)('the relative links of %s lead somewhere', (file) => {
  for (const [, target = ''] of read(file).matchAll(/\]\(([^)\s]+)\)/g)) {
    if (/^[a-z]+:/.test(target)) continue
    const [path = '', anchor] = target.split('#')
    const linked = path === '' ? file : join(dirname(file), path)
    expect(existsSync(join(root, linked)), `${file} links to ${target}`).toBe(true)
    if (anchor !== undefined) expect(anchorsOf(read(linked)), `${file} links to ${target}`).toContain(anchor)
  }
})

test.each(filesIn('docs', '.md'))('%s is short enough to be read', (file) => {
  expect(read(file).trimEnd().split('\n').length).toBeLessThanOrEqual(200)
})

test.each(filesIn('examples', '.yaml'))('%s is a configuration without any variable set', (file) => {
  const result = parseConfig(read(file), file, { environment: {}, hostname: 'pod-1' })
  expect(result.kind === 'problems' ? result.problems : []).toEqual([])
})
