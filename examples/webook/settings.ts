/** The example's settings: environment variables in one table, which is the help text too. */
import { RanktideError } from '../../src/core/errors.js'
import { parseDuration } from '../../src/runtime/duration.js'
import { leastSecret } from './tokens.js'

interface Variable {
  /** Undefined: it has to be set. */
  readonly fallback: string | undefined
  readonly about: string
  /** What is allowed, if this value is not. */
  readonly refuses?: (value: string) => string | undefined
  /** Its value is never shown. */
  readonly secret?: boolean
}

const levels = ['debug', 'info', 'warn', 'error', 'silent']
const levelsAllowed = levels.join(', ')

const url =
  (...schemes: string[]) =>
  (value: string): string | undefined =>
    schemes.some((scheme) => value.startsWith(`${scheme}://`)) && URL.canParse(value)
      ? undefined
      : `a URL that begins with ${schemes.map((scheme) => `${scheme}://`).join(' or ')}`

const duration =
  (from: number, to: number, allowed: string) =>
  (value: string): string | undefined => {
    const ms = parseDuration(value)
    return ms !== undefined && ms >= from && ms <= to ? undefined : allowed
  }

const variables = {
  DATABASE_URL: {
    fallback: undefined,
    about: 'MySQL or MariaDB: mysql://user:password@host:port/database',
    refuses: (value) =>
      url('mysql')(value) ?? (new URL(value).pathname.length > 1 ? undefined : 'a URL that names a database'),
    secret: true,
  },
  REDIS_URL: {
    fallback: 'redis://localhost:6379',
    about: 'where counts are cached',
    refuses: url('redis', 'rediss'),
    secret: true,
  },
  REDIS_PREFIX: {
    fallback: 'webook',
    about: 'what keys in Redis begin with',
    refuses: (value) => (/^[\w.-]{1,64}$/.test(value) ? undefined : '1 to 64 letters, digits or any of _ . -'),
  },
  KAFKA_BROKERS: { fallback: 'localhost:9092', about: 'host:port, several separated by commas' },
  READ_TOPIC: { fallback: 'read_events', about: 'topic of read events, which the read counter reads' },
  CHANGES_TOPIC: { fallback: 'webook.interactives', about: "topic of the table's row changes: Canal, flat JSON" },
  TOKEN_SECRET: {
    fallback: undefined,
    about: `the secret that tokens are signed with (HS256), at least ${leastSecret} bytes`,
    refuses: (value) => (Buffer.byteLength(value) >= leastSecret ? undefined : `at least ${leastSecret} bytes`),
    secret: true,
  },
  TOKEN_ISSUER: {
    fallback: 'webook',
    about: 'the iss of tokens that count',
    refuses: (value) => (/^[\w.:/-]{1,200}$/.test(value) ? undefined : 'letters, digits or any of _ . : / -'),
  },
  HTTP_HOST: { fallback: '127.0.0.1', about: 'address to listen on' },
  HTTP_PORT: {
    fallback: '8082',
    about: 'port to listen on; 0: any that is free',
    refuses: (value) => (/^\d{1,5}$/.test(value) && Number(value) <= 65_535 ? undefined : 'a port from 0 to 65535'),
  },
  CACHE_TTL: {
    fallback: '60s',
    about: 'how long counts stay cached, and can be wrong at most',
    refuses: duration(1_000, 86_400_000, 'a duration from 1s to 24h'),
  },
  READ_TIMEOUT: {
    fallback: '3s',
    about: 'longest wait for a broker to acknowledge a read',
    refuses: duration(100, 5_000, 'a duration from 100ms to 5s'),
  },
  LOG_LEVEL: {
    fallback: 'info',
    about: levelsAllowed,
    refuses: (value) => (levels.includes(value) ? undefined : levelsAllowed),
  },
} as const satisfies Record<string, Variable>

export type Settings = Readonly<Record<keyof typeof variables, string>>

const entries = Object.entries(variables) as readonly (readonly [keyof Settings, Variable])[]

/** All settings; CONFIG_INVALID tells every one that is not as it should be. */
export const readSettings = (environment: Readonly<Record<string, string | undefined>>): Settings => {
  const faults: string[] = []
  const values = entries.map(([name, { fallback, refuses, secret, about }]) => {
    const written = environment[name]
    const value = written === undefined || written === '' ? fallback : written
    if (value === undefined) faults.push(`${name} is not set: ${about}`)
    const allowed = value === undefined ? undefined : refuses?.(value)
    if (allowed !== undefined) {
      faults.push(`${name} is ${secret ? 'not valid' : JSON.stringify(value)}; allowed: ${allowed}`)
    }
    return [name, value ?? '']
  })
  if (faults.length > 0) throw new RanktideError('CONFIG_INVALID', faults.join('\n  '))
  return Object.fromEntries(values) as Settings
}

/** Milliseconds of a setting that is a duration. */
export const durationOf = (settings: Settings, name: 'CACHE_TTL' | 'READ_TIMEOUT'): number =>
  parseDuration(settings[name]) ?? 0

const variableLine = ([name, { fallback, about }]: readonly [string, Variable]): string =>
  `  ${name.padEnd(14)} ${about} (${fallback === undefined ? 'required' : `default ${fallback}`})`

export const helpText = `Usage: main.js [serve | migrate | --help]

An example application on the parts of ranktide: likes, collects, reads, read history and profiles over HTTP.

  serve    answers requests (default); ends on SIGTERM
  migrate  makes the tables that are missing, then ends; those of ranktide come from "ranktide migrate"

Environment:
${entries.map(variableLine).join('\n')}
`
