// deploy/deployment.yaml's rolling update, carried out with processes in place of pods: readers of the Service notice
// nothing, and there are two ready replicas at every moment.
import { readFileSync } from 'node:fs'
import { afterEach, expect, test } from 'vitest'
import { parse } from 'yaml'
import { z } from 'zod'
import { LoadedReplicas, seedOf } from '../support/loaded-replicas.js'
import { ReaderWatch } from '../support/reader-watch.js'
import { Replica } from '../support/replica.js'
import { PodService, type RolloutRules, rollOut } from '../support/rollout.js'
import { until } from '../support/until.js'

const lagLimit = 5_000
/** Proxies are told of an endpoint's end in well under this, ms. */
const hearsAfter = 2_000

const manifest = z.object({
  spec: z.object({
    replicas: z.literal(2),
    strategy: z.object({ rollingUpdate: z.object({ maxSurge: z.literal(1), maxUnavailable: z.literal(0) }) }),
    minReadySeconds: z.number(),
    template: z.object({
      spec: z.object({
        terminationGracePeriodSeconds: z.number(),
        containers: z.tuple([
          z.object({
            lifecycle: z.object({
              preStop: z.object({ exec: z.object({ command: z.tuple([z.literal('sleep'), z.coerce.number()]) }) }),
            }),
          }),
        ]),
      }),
    }),
  }),
})
const { spec } = manifest.parse(
  parse(readFileSync(new URL('../../deploy/deployment.yaml', import.meta.url), 'utf8'), { merge: true }),
)
const rules: RolloutRules = {
  minReadySeconds: spec.minReadySeconds,
  preStopSeconds: spec.template.spec.containers[0].lifecycle.preStop.exec.command[1],
  gracePeriodSeconds: spec.template.spec.terminationGracePeriodSeconds,
}

let loaded: LoadedReplicas | undefined
let service: PodService | undefined
let watch: ReaderWatch | undefined
let next: readonly Replica[] = []

afterEach(async ({ task }) => {
  await watch?.stop()
  await service?.stop()
  if (task.result?.state === 'fail') for (const { name, output } of next) console.info(`${name}:\n${output}`)
  for (const replica of next) await replica.stop()
  await loaded?.end(task)
  loaded = undefined
})

test('a rolling update: no read fails or is wrong, and never fewer than two replicas are ready', async () => {
  const group = await LoadedReplicas.start({
    seed: seedOf('rolling update'),
    rules: { lagLimit, mayBeStale: false },
    names: ['old-1', 'old-2'],
  })
  loaded = group
  next = ['new-1', 'new-2'].map((name) => new Replica(name, group.table.yaml({ prefix: group.prefix, instance: name })))
  const pods = new PodService(group.replicas, hearsAfter)
  service = pods
  const reads = new ReaderWatch('service', group.writer.boards, { lagLimit, mayBeStale: false }, () => pods.read())
  watch = reads
  await rollOut(pods, group.replicas, next, rules)
  await group.writer.pause()
  const expected = await group.table.expectedBody()
  for (const replica of next)
    await until(`${replica.name} has the board`, async () => (await replica.read())?.body === expected, lagLimit)
  await pods.stop()
  await reads.stop()
  console.info(
    `reads by pod: ${JSON.stringify(Object.fromEntries(pods.answered))}, ready: ${Math.min(...pods.readyCounts)} to ${Math.max(...pods.readyCounts)}`,
  )
  expect([...reads.faults, ...group.faults]).toEqual([])
  expect((await group.board.owner()).lease).toMatch(/^new-/)
  expect(Math.min(...pods.readyCounts)).toBe(2)
  expect(Math.max(...pods.readyCounts)).toBe(3)
  expect([...pods.answered.keys()].sort()).toEqual(['new-1', 'new-2', 'old-1', 'old-2'])
})

test('an update that adds a board gets on, and takes none of the others away meanwhile', async () => {
  const group = await LoadedReplicas.start({
    seed: seedOf('an update that adds a board'),
    rules: { lagLimit, mayBeStale: false },
    names: ['old-1', 'old-2'],
  })
  loaded = group
  const withReads = (instance: string): string => {
    const yaml = group.table.yaml({ prefix: group.prefix, instance })
    const likes = yaml.slice(yaml.indexOf('  likes:'))
    return `${yaml}\n${likes.replace('likes:', 'reads:').replace('score: like_cnt', 'score: read_cnt')}`
  }
  next = ['new-1', 'new-2'].map((name) => new Replica(name, withReads(name)))
  const pods = new PodService(group.replicas, hearsAfter)
  service = pods
  const reads = new ReaderWatch('service', group.writer.boards, { lagLimit, mayBeStale: false }, () => pods.read())
  watch = reads
  await rollOut(pods, group.replicas, next, rules)
  for (const { name, worker } of next)
    await until(`${name} has the new board`, async () => (await worker.board('reads')).state === 'exact', 30_000)
  await pods.stop()
  await reads.stop()
  expect([...reads.faults, ...group.faults]).toEqual([])
  expect(Math.min(...pods.readyCounts)).toBe(2)
})
