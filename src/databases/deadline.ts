import type { RanktideError } from '../core/errors.js'

/** Rejects with `late()` after so many ms; the work itself goes on, and its connection has to be given up. */
export const withDeadline = <T>(work: Promise<T>, ms: number, late: () => RanktideError): Promise<T> => {
  let timer: NodeJS.Timeout | undefined
  const deadline = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(late()), ms)
  })
  return Promise.race([work, deadline]).finally(() => clearTimeout(timer))
}
