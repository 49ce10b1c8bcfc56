import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { durationOf, helpText, readSettings } from '../../../examples/webook/settings.js'

const needed = { DATABASE_URL: 'mysql://u:hidden@db:3306/webook', TOKEN_SECRET: 'x'.repeat(32) }

const fault = (environment: Record<string, string>): string => {
  try {
    readSettings(environment)
    return 'accepted'
  } catch (error) {
    return error instanceof Error ? error.message : ''
  }
}

describe('settings', () => {
  test('two are needed, the others have defaults; an empty one is not set', () => {
    const settings = readSettings({ ...needed, HTTP_PORT: '' })
    expect(settings).toMatchObject({ ...needed, HTTP_PORT: '8082', READ_TOPIC: 'read_events', TOKEN_ISSUER: 'webook' })
    expect(durationOf(settings, 'CACHE_TTL')).toBe(60_000)
    expect(durationOf(settings, 'READ_TIMEOUT')).toBe(3_000)
  })

  test('all that is missing is told at once', () => {
    expect(fault({})).toMatch(/DATABASE_URL is not set: [\s\S]*TOKEN_SECRET is not set: /)
  })

  test.each([
    [{ HTTP_PORT: '70000' }, 'HTTP_PORT is "70000"; allowed: a port from 0 to 65535'],
    [{ CACHE_TTL: '5' }, 'CACHE_TTL is "5"; allowed: a duration from 1s to 24h'],
    [{ READ_TIMEOUT: '1m' }, 'READ_TIMEOUT is "1m"; allowed: a duration from 100ms to 5s'],
    [{ LOG_LEVEL: 'loud' }, 'LOG_LEVEL is "loud"; allowed: debug, info, warn, error, silent'],
    [{ TOKEN_ISSUER: 'a "b"' }, 'TOKEN_ISSUER is "a \\"b\\""; allowed: letters, digits or any of _ . : / -'],
  ])('%j is refused', (change, text) => {
    expect(fault({ ...needed, ...change })).toContain(text)
  })

  test('what is secret is not shown when it is refused', () => {
    const short = fault({ ...needed, TOKEN_SECRET: 'hidden' })
    expect(short).toContain('TOKEN_SECRET is not valid; allowed: at least 32 bytes')
    const postgres = fault({ ...needed, DATABASE_URL: 'postgres://u:hidden@db/webook' })
    expect(postgres).toContain('DATABASE_URL is not valid; allowed: a URL that begins with mysql://')
    expect(fault({ ...needed, DATABASE_URL: 'mysql://u:hidden@db' })).toContain('a URL that names a database')
    expect(short + postgres).not.toContain('hidden')
  })

  test('the help and the README name every variable', () => {
    const readme = readFileSync(new URL('../../../examples/webook/README.md', import.meta.url), 'utf8')
    for (const name of Object.keys(readSettings(needed))) {
      expect(helpText).toContain(`  ${name}`)
      expect(readme).toContain(`\`${name}\``)
    }
    expect(readme.split('\n').length).toBeLessThanOrEqual(151)
  })
})
