// Reloads of a process: one at a time, each as a whole or not at all, and everybody is told what came of it.
import { Registry } from 'prom-client'
import { expect, test } from 'vitest'
import { RanktideError } from '../../src/core/errors.js'
import { createReloadRecorder } from '../../src/http/reload-metrics.js'
import type { Config } from '../../src/runtime/config.js'
import { parseConfig } from '../../src/runtime/load-config.js'
import { Reloader, type ReloaderOptions } from '../../src/worker/reload.js'

const configOf = (size: number, brokers = 'k'): Config => {
  const text = `kafka: { brokers: ${brokers} }
database: { url: "mysql://u:p@h/d" }
redis: { url: "redis://r" }
boards: { x: { topic: a, table: t, score: likes, size: ${size} } }`
  const result = parseConfig(text, 'f', { environment: {}, hostname: 'h' })
  if (result.kind === 'problems') throw new Error(JSON.stringify(result.problems))
  return result.config
}

const reloaderWith = (options: Partial<ReloaderOptions> = {}) => {
  const registry = new Registry()
  const told: string[] = []
  const applied: number[] = []
  const log = {
    info: (_values: unknown, text: string) => void told.push(text),
    error: ({ detail }: { detail: string }, text: string) => void told.push(`${text}: ${detail}`),
  } as unknown as ReloaderOptions['log']
  const reloader = new Reloader({
    config: configOf(10),
    load: async () => configOf(20),
    prepare: async ({ boards }) => ({ apply: async () => void applied.push(boards[0]?.size ?? 0) }),
    log,
    recorder: createReloadRecorder(registry),
    now: () => 5_000,
    ...options,
  })
  reloader.start()
  return { reloader, registry, told, applied }
}

test('a change is prepared, put in force and told', async () => {
  const { reloader, registry, told, applied } = reloaderWith()
  expect(await reloader.reload('test')).toEqual({
    kind: 'reloaded',
    changed: [{ key: 'boards.x', change: 'changed', keys: ['size'] }],
    unchanged: [],
  })
  expect([applied, told, reloader.config.boards[0]?.size]).toEqual([[20], ['Configuration reloaded'], 20])
  const metrics = await registry.metrics()
  expect(metrics).toContain('ranktide_reload_total{outcome="reloaded"} 1')
  expect(metrics).toContain('ranktide_config_loaded_timestamp_seconds 5')
})

test.each([
  [
    'a file that is at fault',
    { load: () => Promise.reject(new RanktideError('CONFIG_INVALID', 'f:3: size is 0')) },
    'invalid',
    'f:3: size is 0',
  ],
  [
    'a file that is gone',
    { load: () => Promise.reject(new RanktideError('CONFIG_READ', 'f does not exist')) },
    'invalid',
    'CONFIG_READ: the configuration file cannot be read: f does not exist',
  ],
  [
    'another broker',
    { load: async () => configOf(20, 'other') },
    'restart',
    'needs a restart: kafka.brokers; nothing was changed. Restart the process, or put it back and reload',
  ],
  [
    'a table that does not fit',
    { prepare: () => Promise.reject(new RanktideError('COLUMN_MISSING', 't has no column likes')) },
    'invalid',
    'COLUMN_MISSING: the column does not exist: t has no column likes',
  ],
  [
    'a database that is away',
    { prepare: () => Promise.reject(new RanktideError('DATABASE_UNREACHABLE', 'h:3306')) },
    'unreachable',
    'DATABASE_UNREACHABLE: the database cannot be reached: h:3306',
  ],
] as const)('%s leaves everything as it was', async (_what, options, why, text) => {
  const { reloader, registry, told, applied } = reloaderWith(options)
  expect(await reloader.reload('test')).toEqual({ kind: 'refused', why, text })
  expect([applied, reloader.config.boards[0]?.size]).toEqual([[], 10])
  expect(told).toEqual([`Configuration not reloaded, going on as before: ${text}`])
  expect(await registry.metrics()).toContain(`ranktide_reload_total{outcome="${why}"} 1`)
  // The next one is tried by itself.
  expect(await reloader.reload('test')).toMatchObject({ why })
})

test('reloads that are asked for at the same time are made one after the other, the last file last', async () => {
  const events: string[] = []
  let size = 10
  const { reloader } = reloaderWith({
    load: async () => configOf(++size),
    prepare: async ({ boards }) => {
      events.push(`prepare ${boards[0]?.size}`)
      await new Promise((resolve) => setTimeout(resolve, 5))
      return { apply: async () => void events.push(`apply ${boards[0]?.size}`) }
    },
  })
  await Promise.all([reloader.reload('a'), reloader.reload('b'), reloader.reload('c')])
  expect(events).toEqual(['prepare 11', 'apply 11', 'prepare 12', 'apply 12', 'prepare 13', 'apply 13'])
  expect(reloader.config.boards[0]?.size).toBe(13)
})

test('what is asked for before the start is done after it', async () => {
  const applied: number[] = []
  const registry = new Registry()
  const reloader = new Reloader({
    config: configOf(10),
    load: async () => configOf(20),
    prepare: async () => ({ apply: async () => void applied.push(1) }),
    log: { info: () => {}, error: () => {} } as unknown as ReloaderOptions['log'],
    recorder: createReloadRecorder(registry),
    now: Date.now,
  })
  const asked = reloader.reload('SIGHUP')
  await new Promise((resolve) => setTimeout(resolve, 5))
  expect(applied).toEqual([])
  reloader.start()
  expect(await asked).toMatchObject({ kind: 'reloaded' })
  expect(applied).toEqual([1])
})
