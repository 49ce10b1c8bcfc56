// deploy/ against the API's types, and against the program that it runs: routes, ports, names, limits, configuration. No
// cluster runs it. (What its rollout order means for readers is shown in services/rollout.test.ts.)
import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { parse } from 'yaml'
import { z } from 'zod'
import { parseConfig } from '../src/runtime/load-config.js'
import { serve } from './http/fake-boards.js'
import { readDockerfile } from './support/dockerfile.js'
import { type Manifest, manifestsIn, readManifests, typeFaults } from './support/manifests.js'

const file = (path: string): string => readFileSync(new URL(`../${path}`, import.meta.url), 'utf8')

const kustomization = z.object({
  resources: z.array(z.string()),
  images: z.array(z.object({ name: z.string(), newTag: z.string() })).default([]),
  configMapGenerator: z
    .array(
      z.object({ name: z.string(), files: z.array(z.string()).default([]), envs: z.array(z.string()).default([]) }),
    )
    .default([]),
})
const base = kustomization.parse(parse(file('deploy/kustomization.yaml')))
const servers = kustomization.parse(parse(file('deploy/servers/kustomization.yaml')))
const files = [
  ...base.resources.map((name) => `deploy/${name}`),
  'deploy/secret.example.yaml',
  ...servers.resources.map((name) => `deploy/servers/${name}`),
]
const manifests = (await Promise.all(files.map(manifestsIn))).flat()

const only = (kind: string, name: string): Manifest => {
  const [found, other] = manifests.filter((one) => one.kind === kind && one.metadata.name === name)
  if (found === undefined || other !== undefined) throw new Error(`not one ${kind} ${name}`)
  return found
}

const probe = z.object({
  httpGet: z.object({ path: z.string(), port: z.string() }),
  periodSeconds: z.number(),
  timeoutSeconds: z.number(),
  failureThreshold: z.number(),
})
const labels = z.record(z.string(), z.string())
const selector = z.object({ matchLabels: labels })
const port = z.object({ name: z.string(), containerPort: z.number() })

const deployment = z
  .object({
    spec: z.object({
      replicas: z.number(),
      strategy: z.object({ rollingUpdate: z.object({ maxSurge: z.number(), maxUnavailable: z.number() }) }),
      selector,
      template: z.object({
        metadata: z.object({ labels, annotations: labels }),
        spec: z.object({
          terminationGracePeriodSeconds: z.number(),
          securityContext: z.object({ runAsNonRoot: z.literal(true), runAsUser: z.number(), runAsGroup: z.number() }),
          topologySpreadConstraints: z.array(z.object({ labelSelector: selector })),
          containers: z.tuple([
            z.object({
              image: z.string(),
              args: z.array(z.string()),
              env: z.array(
                z.object({ name: z.string(), valueFrom: z.object({ fieldRef: z.object({ fieldPath: z.string() }) }) }),
              ),
              envFrom: z.array(
                z.object({
                  configMapRef: z.object({ name: z.string() }).optional(),
                  secretRef: z.object({ name: z.string() }).optional(),
                }),
              ),
              ports: z.tuple([port]),
              startupProbe: probe,
              livenessProbe: probe,
              readinessProbe: probe,
              lifecycle: z.object({ preStop: z.object({ exec: z.object({ command: z.array(z.string()) }) }) }),
              resources: z.object({ requests: labels, limits: labels }),
              securityContext: z.object({
                allowPrivilegeEscalation: z.literal(false),
                readOnlyRootFilesystem: z.literal(true),
                capabilities: z.object({ drop: z.tuple([z.literal('ALL')]) }),
              }),
              volumeMounts: z.array(z.object({ name: z.string(), mountPath: z.string() })),
            }),
          ]),
          volumes: z.array(z.object({ name: z.string(), configMap: z.object({ name: z.string() }) })),
        }),
      }),
    }),
  })
  .parse(only('Deployment', 'ranktide')).spec
const pod = deployment.template.spec
const [container] = pod.containers

const service = z.object({
  spec: z.object({ selector: labels, ports: z.array(z.object({ port: z.number(), targetPort: z.string() })) }),
})

/** Lines of NAME=value. */
const settings = Object.fromEntries(
  file('deploy/settings.env')
    .split('\n')
    .filter((line) => /^\w/.test(line))
    .map((line) => [line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1)]),
)
const { stringData: secret } = z.object({ stringData: labels }).parse(only('Secret', 'ranktide'))

const configWith = (environment: Readonly<Record<string, string>>) => {
  const result = parseConfig(file('deploy/ranktide.yaml'), 'ranktide.yaml', { environment, hostname: 'a-host' })
  if (result.kind === 'problems') throw new Error(result.problems.map(({ sentence }) => sentence).join('\n'))
  const connection = result.config.redis?.connection
  const redis = connection?.kind === 'url' ? new URL(connection.url) : undefined
  return { ...result.config, mysqlUrl: new URL(result.config.database.url), redisUrl: redis }
}
const inPod = { POD_NAME: 'ranktide-5d4f8-x2v7q', ...secret }

describe('the manifests', () => {
  test("are of the API's types", { timeout: 60_000 }, async () => {
    expect(await typeFaults(manifests)).toEqual([])
  })

  test.each([
    ['a misspelt key', 'maxSurge: 1', 'maxSurges: 1'],
    ['a number where a text is wanted', 'prometheus.io/port: "8081"', 'prometheus.io/port: 8081'],
    ['a missing name', '        - name: ranktide\n          image', '        - image'],
  ])('and %s is found', { timeout: 60_000 }, async (_what, text, instead) => {
    const broken = file('deploy/deployment.yaml').replace(text, instead)
    expect(broken).not.toBe(file('deploy/deployment.yaml'))
    expect(await typeFaults(readManifests(broken))).not.toEqual([])
  })

  test('select what they are meant for', () => {
    const own = deployment.template.metadata.labels
    expect(Object.keys(own)).not.toHaveLength(0)
    expect(deployment.selector.matchLabels).toEqual(own)
    expect(service.parse(only('Service', 'ranktide')).spec.selector).toEqual(own)
    const budget = z
      .object({ spec: z.object({ selector, maxUnavailable: z.number() }) })
      .parse(only('PodDisruptionBudget', 'ranktide'))
    expect(budget.spec).toMatchObject({ selector: { matchLabels: own }, maxUnavailable: 1 })
    for (const { labelSelector } of pod.topologySpreadConstraints) expect(labelSelector.matchLabels).toEqual(own)
  })

  test('have the configuration, the settings and the Secret that the pod asks for', () => {
    const made = base.configMapGenerator.map(({ name }) => name)
    expect(pod.volumes.map(({ configMap }) => configMap.name)).toEqual(['ranktide-config'])
    expect(container.volumeMounts.map(({ name }) => name)).toEqual(pod.volumes.map(({ name }) => name))
    expect(container.envFrom.map(({ configMapRef, secretRef }) => configMapRef?.name ?? secretRef?.name)).toEqual([
      'ranktide-settings',
      'ranktide',
    ])
    expect(made).toEqual(['ranktide-config', 'ranktide-settings'])
    expect(base.configMapGenerator.flatMap(({ files, envs }) => [...files, ...envs])).toEqual([
      'ranktide.yaml',
      'settings.env',
    ])
    expect(container.args).toEqual(['run', '--config', `${container.volumeMounts[0]?.mountPath}/ranktide.yaml`])
  })

  test('run the image of this version, as its user', () => {
    const { version } = z.object({ version: z.string() }).parse(JSON.parse(file('package.json')))
    expect(base.images).toEqual([{ name: container.image, newTag: version }])
    const user = readDockerfile(file('Dockerfile'))
      .at(-1)
      ?.instructions.find(({ name }) => name === 'USER')?.text
    expect(`${pod.securityContext.runAsUser}:${pod.securityContext.runAsGroup}`).toBe(user)
    for (const one of manifests.filter(({ kind }) => kind === 'StatefulSet'))
      expect(JSON.stringify(one)).toMatch(/"image":"[a-z/-]+:v?\d+\.\d+\.\d+(-[a-z]+)?"/)
  })
})

describe('the probes', () => {
  const { startupProbe, livenessProbe, readinessProbe } = container

  test('ask for paths that exist, at the port that is listened on', async () => {
    const paths = [startupProbe, livenessProbe, readinessProbe].map(({ httpGet }) => httpGet.path)
    expect(paths).toEqual(['/startupz', '/livez', '/readyz'])
    const { server } = serve()
    for (const path of [...paths, deployment.template.metadata.annotations['prometheus.io/path'] ?? ''])
      expect((await server.inject(path)).statusCode, path).toBe(200)
    for (const { httpGet } of [startupProbe, livenessProbe, readinessProbe])
      expect(httpGet.port).toBe(container.ports[0].name)
    expect(deployment.template.metadata.annotations['prometheus.io/port']).toBe(
      String(container.ports[0].containerPort),
    )
  })

  test('do not restart what waits for its database', () => {
    expect(startupProbe.periodSeconds * startupProbe.failureThreshold).toBeGreaterThanOrEqual(4 * 3_600)
  })

  test('leave time to close: preStop, then the 9 s of the process, then some', () => {
    const [sleep, seconds] = container.lifecycle.preStop.exec.command
    expect(sleep).toBe('sleep')
    expect(pod.terminationGracePeriodSeconds).toBeGreaterThan(Number(seconds) + 10)
  })

  test('and a rollout adds before it takes away', () => {
    expect(deployment.replicas).toBe(2)
    expect(deployment.strategy.rollingUpdate).toEqual({ maxSurge: 1, maxUnavailable: 0 })
  })
})

describe('the configuration', () => {
  test('is accepted with the settings, the Secret and the name of the pod', () => {
    const config = configWith({ ...inPod, ...settings })
    expect(config.instance).toBe(inPod.POD_NAME)
    expect(container.env).toEqual([{ name: 'POD_NAME', valueFrom: { fieldRef: { fieldPath: 'metadata.name' } } }])
    expect(config.http).toEqual({ host: '0.0.0.0', port: container.ports[0].containerPort })
    expect(config.mysqlUrl.host).toBe('mysql:3308')
    expect(config.redisUrl?.host).toBe('redis:6380')
  })

  test('has the same defaults as the settings, and needs a database password', () => {
    const plain = (config: object) => JSON.stringify(config)
    expect(plain(configWith(inPod))).toBe(plain(configWith({ ...inPod, ...settings })))
    expect(() => configWith({ POD_NAME: 'a', REDIS_PASSWORD: 'b' })).toThrow(/MYSQL_PASSWORD/)
  })

  test('takes every setting', () => {
    const other = {
      HTTP_PORT: '9000',
      MYSQL_HOST: 'db',
      MYSQL_PORT: '3306',
      REDIS_HOST: 'cache',
      REDIS_PORT: '6379',
      KAFKA_BROKERS: 'k1:9092,k2:9092',
      LIKES_TOPIC: 'likes',
      LOG_LEVEL: 'debug',
    }
    expect(Object.keys(settings).sort()).toEqual(Object.keys(other).sort())
    const config = configWith({ ...inPod, ...other })
    expect(config).toMatchObject({
      http: { port: 9000 },
      log: { level: 'debug' },
      kafka: { brokers: ['k1:9092', 'k2:9092'] },
      boards: [{ topics: ['likes'] }],
    })
    expect([config.mysqlUrl.host, config.redisUrl?.host]).toEqual(['db:3306', 'cache:6379'])
  })
})

test('the services are at the ports of the settings, and lead to ports that their pods have', () => {
  expect(service.parse(only('Service', 'ranktide')).spec.ports).toMatchObject([
    { port: 8081, targetPort: container.ports[0].name },
  ])
  const ends = z.object({
    spec: z.object({
      selector,
      template: z.object({
        metadata: z.object({ labels }),
        spec: z.object({ containers: z.array(z.object({ ports: z.array(port) })) }),
      }),
    }),
  })
  for (const name of ['mysql', 'redis']) {
    expect(settings[`${name.toUpperCase()}_HOST`]).toBe(name)
    const { spec } = service.parse(only('Service', name))
    expect(spec.ports.map((one) => String(one.port))).toEqual([settings[`${name.toUpperCase()}_PORT`]])
    const { spec: set } = ends.parse(only('StatefulSet', name))
    expect(set.template.metadata.labels).toEqual(spec.selector)
    expect(set.selector.matchLabels).toEqual(spec.selector)
    expect(set.template.spec.containers.flatMap(({ ports }) => ports.map((one) => one.name))).toEqual(
      spec.ports.map(({ targetPort }) => targetPort),
    )
  }
})
