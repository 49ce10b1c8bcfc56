import { expect, test } from 'vitest'
import { RanktideError } from '../../src/core/errors.js'
import type { LogLevel } from '../../src/runtime/config.js'
import { createLog, type Log } from '../../src/runtime/log.js'

const logged = (level: LogLevel, write: (log: Log) => void): Record<string, unknown>[] => {
  const lines: string[] = []
  write(createLog({ instance: 'pod-1', log: { level } }, { write: (line) => lines.push(line) }))
  return lines.map((line) => {
    expect(line.endsWith('\n') && line.indexOf('\n') === line.length - 1).toBe(true)
    return JSON.parse(line) as Record<string, unknown>
  })
}

test('an event is one line with its time, level and instance', () => {
  const [line] = logged('info', (log) => log.info({ board: 'likes', version: 3 }, 'Board published'))
  expect(line).toMatchObject({ level: 'info', instance: 'pod-1', board: 'likes', version: 3, msg: 'Board published' })
  expect(Number.isNaN(Date.parse(line?.time as string))).toBe(false)
})

test('the level of the configuration decides', () => {
  expect(logged('warn', (log) => log.info('Not this'))).toEqual([])
  expect(logged('debug', (log) => log.debug('This'))).toHaveLength(1)
})

test('no password gets into the log, by key or inside a URL', () => {
  const url = 'redis://me:hunter2@h'
  const lines = logged('trace', (log) => {
    log.info({ password: 'hunter2', url }, 'At the top')
    log.info({ redis: { login: { password: 'hunter2' }, connection: { url } } }, 'Nested')
    log.info({ client: { 'sasl.password': 'hunter2', 'ssl.key.pem': 'hunter2' } }, 'With dots')
    log.warn({ error: new Error(`connect to ${url} failed`, { cause: new Error(url) }) }, 'In an unknown error')
    log.warn({ err: new RanktideError('REDIS_DENIED', url, { cause: new Error(url) }) }, 'In a known error')
    log.warn({ error: url }, 'As an error that is none')
  })
  expect(lines).toHaveLength(6)
  expect(JSON.stringify(lines)).not.toContain('hunter2')
  expect(lines[0]).toMatchObject({ password: '***', url: 'redis://me:***@h' })
})

test('known errors are told by code and sentence, unknown ones with their stack', () => {
  const [known, unknown] = logged('info', (log) => {
    log.error({ error: new RanktideError('KAFKA_TOPIC', 'webook.likes', { cause: new Error('no such') }) }, 'Stopped')
    log.error({ error: Object.assign(new Error('broken pipe'), { code: 'EPIPE' }) }, 'Stopped')
  })
  expect(known?.error).toEqual({
    code: 'KAFKA_TOPIC',
    message: 'the topic does not exist: webook.likes',
    cause: 'no such',
  })
  expect(unknown?.error).toMatchObject({ code: 'EPIPE', message: 'broken pipe' })
  expect(JSON.stringify(unknown)).toContain('log.test.ts')
})
