// A write as a pipeline makes it: the same call again until it is written.
import { RanktideError } from '../../src/core/errors.js'
import type { CountStore } from '../../src/operators/batch-store.js'
import { result } from '../conformance/batch-world.js'

export const codeOf = (error: unknown): string => (error instanceof RanktideError ? error.code : String(error))

/** The call's answer, and the codes of what failed before. Errors that are not of the database are thrown, and all after a minute. */
export const insistOn = async <T>(call: () => Promise<T>): Promise<{ codes: readonly string[]; answer: T }> => {
  const codes: string[] = []
  const end = performance.now() + 60_000
  for (;;) {
    try {
      return { codes, answer: await call() }
    } catch (error) {
      codes.push(codeOf(error))
      if (!codeOf(error).startsWith('DATABASE_') || performance.now() > end) throw error
      await new Promise((resolve) => setTimeout(resolve, 10))
    }
  }
}

export const persist = async (
  write: () => ReturnType<CountStore['write']>,
): Promise<{ codes: readonly string[]; repeated: boolean }> => {
  const { codes, answer } = await insistOn(() => result(write()))
  if (answer.kind !== 'written') throw new Error(JSON.stringify(answer))
  return { codes, repeated: answer.repeated }
}
