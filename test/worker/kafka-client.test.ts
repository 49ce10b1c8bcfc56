import { describe, expect, test } from 'vitest'
import { RanktideError } from '../../src/core/errors.js'
import { loadWithKafka } from '../../src/worker/kafka-client.js'

const failing = (message: string, code?: string) => (): never => {
  throw Object.assign(new Error(message), code === undefined ? {} : { code })
}

describe('a module that needs node-rdkafka', () => {
  test('is loaded where that is there', async () => {
    expect(
      await loadWithKafka(
        async () => 7,
        () => {},
      ),
    ).toBe(7)
  })

  // What Node 20 and the package `bindings` say.
  test.each<[message: string, code?: string]>([
    ["Cannot find module 'node-rdkafka'\nRequire stack:\n- /app/dist/src/worker/kafka-client.js", 'MODULE_NOT_FOUND'],
    ['Could not locate the bindings file. Tried:\n → /app/node_modules/node-rdkafka/build/node-librdkafka.node'],
    ["The module '/app/node_modules/node-rdkafka/build/node-librdkafka.node' was compiled", 'ERR_DLOPEN_FAILED'],
  ])('is not touched where it is not, and what to install is said: %s', async (message, code) => {
    let loaded = false
    const load = async (): Promise<void> => {
      loaded = true
    }
    const error = await loadWithKafka(load, failing(message, code)).catch((reason: unknown) => reason)
    expect(error).toBeInstanceOf(RanktideError)
    expect((error as RanktideError).message).toBe(
      'node-rdkafka is not there, or was not compiled: install a C++ compiler, make, python3 and the headers that the README names, then run npm ci again',
    )
    expect(loaded).toBe(false)
  })

  test('fails as it is with anything else', async () => {
    const other = failing("Cannot find module 'nan'", 'MODULE_NOT_FOUND')
    await expect(loadWithKafka(async () => 7, other)).rejects.toThrow("Cannot find module 'nan'")
  })
})
