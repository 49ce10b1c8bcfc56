/**
 * The log: one line of JSON an event. Messages are capitalised sentences without values; what varies stands in keys.
 * Nothing above `debug` holds row values, and passwords never get in: by key name, and by shape in the text of errors.
 */
import { type DestinationStream, type Logger, pino } from 'pino'
import { RanktideError } from '../core/errors.js'
import type { Config } from './config.js'
import { hidden, hidePasswords } from './secrets.js'

export type Log = Logger

const secretKeys = [
  'password',
  'sentinelPassword',
  'sasl.password',
  'ssl.key.password',
  'ssl.key.pem',
  'token',
  'adminToken',
  'secret',
]

/** Each key at the top and up to three levels down: what configurations and client options nest. */
const secretPaths = secretKeys.flatMap((key) => ['', '*', '*.*', '*.*.*'].map((above) => `${above}["${key}"]`))

const urlPaths = ['url', '*.url', '*.*.url', '*.*.*.url']

const describeError = (error: unknown): object => {
  if (error instanceof RanktideError) {
    return { code: error.code, message: hidePasswords(error.message), ...describeCause(error.cause) }
  }
  if (!(error instanceof Error)) return { message: hidePasswords(String(error)) }
  // An error that the table does not know is a defect or a surprise: only the stack tells where it came from.
  const code = (error as { code?: unknown }).code
  return {
    ...(typeof code === 'string' || typeof code === 'number' ? { code } : {}),
    message: hidePasswords(error.message),
    stack: hidePasswords(error.stack ?? ''),
  }
}

const describeCause = (cause: unknown): object =>
  cause instanceof Error ? { cause: hidePasswords(cause.message) } : {}

const censor = (value: unknown, path: string[]): unknown =>
  path.at(-1) === 'url' ? hidePasswords(String(value)) : hidden

/** Writes to standard output unless a destination is given. */
export const createLog = (config: Pick<Config, 'instance' | 'log'>, destination?: DestinationStream): Log => {
  const options = {
    level: config.log.level,
    base: { instance: config.instance },
    timestamp: pino.stdTimeFunctions.isoTime,
    formatters: { level: (label: string) => ({ level: label }) },
    serializers: { error: describeError, err: describeError },
    redact: { paths: [...secretPaths, ...urlPaths], censor },
  }
  return destination === undefined ? pino(options) : pino(options, destination)
}
