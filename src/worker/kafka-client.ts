/**
 * node-rdkafka is native code and an optional dependency: where it did not compile, npm leaves it out. What needs it is
 * therefore loaded only when it is used, and its absence is an error like any other.
 */
import { createRequire } from 'node:module'
import { RanktideError } from '../core/errors.js'

/**
 * Loads a module that imports node-rdkafka. Fails with KAFKA_CLIENT where that is not there or does not load. It is tried
 * by `required` first: a module graph that fails to load also ends the process later, by a rejection that Node (20)
 * keeps to itself.
 */
export const loadWithKafka = <T>(
  load: () => Promise<T>,
  required: (name: string) => unknown = createRequire(import.meta.url),
): Promise<T> => {
  try {
    required('node-rdkafka')
  } catch (error) {
    return Promise.reject(isMissing(error) ? missing(error) : error)
  }
  return load()
}

const missing = (cause: unknown): RanktideError =>
  new RanktideError(
    'KAFKA_CLIENT',
    'install a C++ compiler, make, python3 and the headers that the README names, then run npm ci again',
    { cause },
  )

/** The package itself is missing, its compiled part is, or that was made for another Node. */
const isMissing = (error: unknown): boolean => {
  if (!(error instanceof Error)) return false
  const code = 'code' in error ? error.code : undefined
  const named = /rdkafka/.test(error.message)
  const atLoading = code === 'MODULE_NOT_FOUND' || code === 'ERR_DLOPEN_FAILED'
  return named && (atLoading || error.message.startsWith('Could not locate the bindings file'))
}
