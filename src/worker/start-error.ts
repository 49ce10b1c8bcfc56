import type { RanktideError } from '../core/errors.js'

type First = Promise<RanktideError | undefined>

export interface CounterStart {
  /** What the first try came to: undefined, or its fatal error. */
  readonly first: First
  /** Resolves if the first try waits for what may pass. */
  readonly waits: Promise<undefined>
}

/**
 * Resolves when a process that counts has started: to undefined, or to the first error where every pipeline has failed.
 *
 * Boards have to begin or to fail, since readers are sent to them; they are not held up by what a counter waits for.
 * `boards` undefined: there are none, and then one counter has to begin.
 */
export const startError = async (boards: readonly First[] | undefined, counters: readonly CounterStart[]): First => {
  const begin = counters.map(({ first, waits }) => Promise.race([first, waits]))
  const firsts = await Promise.all([...(boards ?? []), ...begin])
  return boards === undefined ? oneBegins(counters.map(({ first }) => first)) : errorOfAll(firsts)
}

/** The first error, if there is nothing else. */
const errorOfAll = (firsts: readonly (RanktideError | undefined)[]): RanktideError | undefined =>
  firsts.every((one) => one !== undefined) ? firsts[0] : undefined

/** Resolves to undefined once one has begun, or to the first one's error when all have failed. */
const oneBegins = (firsts: readonly First[]): First =>
  new Promise((resolve, reject) => {
    for (const first of firsts) {
      first.then((error) => {
        if (error === undefined) resolve(undefined)
      }, reject)
    }
    Promise.all(firsts).then((all) => resolve(errorOfAll(all)), reject)
  })
