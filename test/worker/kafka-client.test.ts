import { describe, expect, test } from 'vitest'
import { RanktideError } from '../../src/core/errors.js'
import { loadWithKafka } from '../../src/worker/kafka-client.js'

const failing = (message: string, code?: string) => () =>
  Promise.reject(Object.assign(new Error(message), code === undefined ? {} : { code }))

describe('a module that needs node-rdkafka', () => {
  test('is loaded where that is there', async () => {
    expect(await loadWithKafka(async () => 7)).toBe(7)
  })

  // What Node 20 and the package `bindings` say.
  test.each<[message: string, code?: string]>([
    ["Cannot find package 'node-rdkafka' imported from /app/dist/src/sources/kafka-feed.js", 'ERR_MODULE_NOT_FOUND'],
    ['Could not locate the bindings file. Tried:\n → /app/node_modules/node-rdkafka/build/node-librdkafka.node'],
    ["The module '/app/node_modules/node-rdkafka/build/node-librdkafka.node' was compiled", 'ERR_DLOPEN_FAILED'],
  ])('says what to install where it is not: %s', async (message, code) => {
    const error = await loadWithKafka(failing(message, code)).catch((reason: unknown) => reason)
    expect(error).toBeInstanceOf(RanktideError)
    expect((error as RanktideError).message).toBe(
      'node-rdkafka is not there, or was not compiled: install a C++ compiler, make, python3 and the headers that the README names, then run npm ci again',
    )
  })

  test('fails as it is with anything else', async () => {
    const other = failing("Cannot find package 'pino' imported from /app/dist/src/main.js", 'ERR_MODULE_NOT_FOUND')
    await expect(loadWithKafka(other)).rejects.toThrow("Cannot find package 'pino'")
  })
})
