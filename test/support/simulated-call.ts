/**
 * A call to a server in virtual time: its effect and its answer happen apart, and either may stay away. A request that
 * is under way is not called back by whoever waits for it: it may still take effect after the caller has given up or died.
 */
import { Observable } from 'rxjs'
import { RanktideError } from '../../src/core/errors.js'
import type { Draws } from './draws.js'
import type { VirtualTime } from './virtual-time.js'

/** Times in ms from the call. */
export interface Fate {
  /** Undefined: the request never arrives. */
  readonly effectAfter: number | undefined
  readonly answerAfter: number
  /** The caller gets an error, whether or not the request took effect. */
  readonly fails: boolean
  /** The effect comes even if the caller is gone by then. */
  readonly survives: boolean
}

export const atOnce: Fate = { effectAfter: 0, answerAfter: 0, fails: false, survives: true }

/** `trouble`: of ten calls, how many do not simply succeed at once. `slow`: the longest delay, ms. */
export const drawFate = (draws: Draws, trouble: number, slow: number): Fate => {
  if (draws.below(10) >= trouble) return atOnce
  const effectAfter = draws.below(slow)
  const answerAfter = effectAfter + draws.below(slow)
  const survives = draws.below(3) > 0
  switch (draws.below(6)) {
    case 0:
      return { effectAfter: undefined, answerAfter, fails: true, survives }
    case 1:
      return { effectAfter, answerAfter, fails: true, survives }
    case 2:
      // The caller has given up before the request arrives.
      return { effectAfter: answerAfter + 1, answerAfter: effectAfter, fails: true, survives }
    default:
      return { effectAfter, answerAfter, fails: false, survives }
  }
}

export const simulatedCall = <T>(time: VirtualTime, fate: Fate, effect: () => T, error: () => Error): Observable<T> =>
  new Observable((subscriber) => {
    let result: { readonly value: T } | undefined
    let refusal: RanktideError | undefined
    const take = (): void => {
      try {
        result = { value: effect() }
      } catch (thrown) {
        if (!(thrown instanceof RanktideError)) throw thrown
        refusal = thrown
      }
    }
    const answer = (): void => {
      if (fate.fails || result === undefined) {
        subscriber.error(refusal ?? error())
      } else {
        subscriber.next(result.value)
        subscriber.complete()
      }
    }
    if (fate === atOnce) {
      take()
      answer()
      return
    }
    if (fate.effectAfter !== undefined) {
      const arrival = time.schedule(take, fate.effectAfter)
      if (!fate.survives) subscriber.add(arrival)
    }
    subscriber.add(time.schedule(answer, fate.answerAfter))
  })
