/**
 * node-rdkafka is native code and an optional dependency: where it did not compile, npm leaves it out. What needs it is
 * therefore loaded only when it is used, and its absence is an error like any other.
 */
import { RanktideError } from '../core/errors.js'

/** Loads a module that imports node-rdkafka. Fails with KAFKA_CLIENT where that is not there or does not load. */
export const loadWithKafka = async <T>(load: () => Promise<T>): Promise<T> => {
  try {
    return await load()
  } catch (error) {
    if (!isMissing(error)) throw error
    throw new RanktideError(
      'KAFKA_CLIENT',
      'install a C++ compiler, make, python3 and the headers that the README names, then run npm ci again',
      { cause: error },
    )
  }
}

/** The package itself is missing, its compiled part is, or that was made for another Node. */
const isMissing = (error: unknown): boolean => {
  if (!(error instanceof Error)) return false
  const code = 'code' in error ? error.code : undefined
  const atLoading = code === 'ERR_MODULE_NOT_FOUND' || code === 'MODULE_NOT_FOUND' || code === 'ERR_DLOPEN_FAILED'
  const named = /rdkafka/.test(error.message)
  return named && (atLoading || error.message.startsWith('Could not locate the bindings file'))
}
