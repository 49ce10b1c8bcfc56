/** Trouble that repeats is told once and then every `every` ms a code: who waits for a server logs no line a try. */
import type { RanktideError } from '../../src/core/errors.js'
import type { Log } from '../../src/runtime/log.js'

const every = 5_000

export const troubleLog = (
  log: Pick<Log, 'warn'>,
  message: string,
  now: () => number = () => performance.now(),
): ((error: RanktideError) => void) => {
  const told = new Map<string, number>()
  return (error) => {
    const last = told.get(error.code)
    if (last !== undefined && now() - last < every) return
    told.set(error.code, now())
    log.warn({ error }, message)
  }
}
