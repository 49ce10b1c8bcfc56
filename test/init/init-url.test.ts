import { expect, test } from 'vitest'
import { RanktideError } from '../../src/core/errors.js'
import { checkWords, databaseUrlOf, redisUrlOf } from '../../src/init/init-url.js'

const refusal = (work: () => unknown): string => {
  try {
    work()
    return ''
  } catch (error) {
    return error instanceof RanktideError ? `${error.code}: ${error.detail}` : String(error)
  }
}

test('a password in the URL wins, else the one of the environment is used', () => {
  expect(databaseUrlOf('mysql://app:own@host/webook', 'other')).toBe('mysql://app:own@host/webook')
  expect(databaseUrlOf('mysql://app@host/webook', 'other')).toBe('mysql://app:other@host/webook')
  expect(databaseUrlOf('mysql://app@host/webook', undefined)).toBe('mysql://app@host/webook')
  expect(databaseUrlOf('mariadb://app:own@host', undefined)).toBe('mysql://app:own@host')
})

test.each([
  ['postgres://app:hunter2@host/db', /^CONFIG_INVALID: postgres:\/\/ is not supported yet/],
  ['postgresql://app:hunter2@host/db', /^CONFIG_INVALID: postgres:\/\/ is not supported yet/],
  ['http://app:hunter2@host/db', /^CONFIG_INVALID: a database URL has the form mysql:/],
  ['mysql://app:hunt/er2@host/db', /^CONFIG_INVALID: a database URL has the form mysql:/],
  ['app:hunter2@host', /^CONFIG_INVALID: a database URL has the form mysql:/],
  ['mysql://host/db', /^CONFIG_INVALID: the database URL names no user/],
])('%s is refused without its password', (url, sentence) => {
  const told = refusal(() => databaseUrlOf(url, undefined))
  expect(told).toMatch(sentence)
  expect(told).not.toContain('hunt')
})

test.each([
  ['redis://localhost:6379', 'redis://localhost:6379'],
  ['redis://:hunter2@cache:6379/2', `redis://default:\${REDIS_PASSWORD:-}@cache:6379/2`],
  ['rediss://me:hunter2@cache', `rediss://me:\${REDIS_PASSWORD:-}@cache`],
  ['redis://me@cache', 'redis://me@cache'],
  ['redis://cache?password=hunter2&family=6', `redis://cache?password=\${REDIS_PASSWORD:-}&family=6`],
])('%s is written as %s', (url, written) => {
  expect(redisUrlOf(url)).toBe(written)
})

test('what the configuration would refuse is refused at once', () => {
  expect(refusal(() => redisUrlOf('hunter2@cache'))).toMatch(
    /^CONFIG_INVALID: --redis has the form redis:\/\/host:port/,
  )
  expect(refusal(() => redisUrlOf('hunter2@cache'))).not.toContain('hunter2')
  expect(refusal(() => checkWords('http://k:9092', undefined))).toMatch(/^CONFIG_INVALID: --kafka/)
  expect(refusal(() => checkWords(undefined, 'a b'))).toMatch(/^CONFIG_INVALID: --topic/)
  expect(refusal(() => checkWords('k1:9092,k2:9092', 'webook.likes'))).toBe('')
})
