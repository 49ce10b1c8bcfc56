import { defer, from, map, type Observable, of, switchMap, takeUntil, throwError, throwIfEmpty } from 'rxjs'
import { RanktideError } from '../core/errors.js'
import { type Bounds, eventsLost, type Loss, lossesIn, lossText } from '../core/events-lost.js'
import type { Folding } from '../core/folding.js'
import type { Positions } from '../core/positions.js'
import type { Claim } from './batch-store.js'
import type { CounterPorts } from './counter-ports.js'
import { GenerationOver } from './generation.js'
import type { Assignment } from './message-ports.js'
import { type Retrying, retryInGeneration } from './retry-in-generation.js'

export type ClaimingPorts<B> = Pick<
  CounterPorts<B>,
  'group' | 'store' | 'start' | 'onLoss' | 'scheduler' | 'random' | 'observer'
>

export interface Claimed {
  readonly claim: Claim
  /** End offsets, asked before reading begins. */
  readonly ends: Positions
  /** Offsets that were passed over, of which events may be lost. */
  readonly lost: number
}

/**
 * Takes the partitions of an assignment in the database, and makes sure that the topic still holds what comes next there;
 * if it does not, fails with EVENTS_LOST, or has the offsets moved behind what is gone in a transaction of its own, so that
 * it is told once: that one is tried again by itself until its answer is heard, since a new take would find the offsets
 * moved and nothing lost. A loss stays untold only where the partitions go, or the process ends, between the commit and its
 * answer. Waits for servers that are down; fails with `GenerationOver` once `until$` has emitted.
 */
export const claimPartitions = <B>(
  ports: ClaimingPorts<B>,
  folding: Folding<B>,
  assignment: Assignment,
  until$: Observable<unknown>,
): Observable<Claimed> => {
  const { group, store, start, scheduler, random, observer } = ports
  const failed = (error: RanktideError, pause: number) => observer.failed('take', error, pause)
  const retrying = { scheduler, random, until$, failed }
  const bounds$ = defer(() => from(assignment.bounds()))
  return bounds$.pipe(
    switchMap((bounds) => {
      const unknown = start === 'beginning' ? bounds.first : bounds.ends
      return from(store.take(group, assignment.partitions, unknown)).pipe(map((claim) => ({ claim, bounds })))
    }),
    switchMap(({ claim, bounds }) => {
      if (lossesIn(claim.positions, bounds).length === 0) return of({ claim, ends: bounds.ends, lost: 0 })
      // Whoever had the partitions may have counted past those ends before they were taken from him.
      return bounds$.pipe(switchMap((now) => settleLosses(ports, folding, claim, now, retrying)))
    }),
    retryInGeneration(retrying),
    takeUntil(until$),
    throwIfEmpty(() => new GenerationOver()),
  )
}

const settleLosses = <B>(
  ports: ClaimingPorts<B>,
  folding: Folding<B>,
  claim: Claim,
  bounds: Bounds,
  retrying: Retrying,
): Observable<Claimed> => {
  const losses = lossesIn(claim.positions, bounds)
  const { ends } = bounds
  if (losses.length === 0) return of({ claim, ends, lost: 0 })
  if (ports.onLoss === 'stop') return throwError(() => eventsLost(losses))
  const span = spanOf(losses)
  const batch = folding.fold([])
  return defer(() => from(ports.store.write(claim, span, batch))).pipe(
    retryInGeneration(retrying),
    map((outcome): Claimed => {
      if (outcome.kind !== 'written') throw new RanktideError('LEASE_LOST', `partitions of ${ports.group}`)
      for (const loss of losses) ports.observer.lost(loss.partition, loss.offsets, lossText(loss))
      const positions = new Map([...claim.positions, ...span.to])
      return { claim: { ...claim, positions }, ends, lost: losses.reduce((sum, { offsets }) => sum + offsets, 0) }
    }),
  )
}

const spanOf = (losses: readonly Loss[]): { readonly from: Positions; readonly to: Positions } => ({
  from: new Map(losses.map(({ partition, from }) => [partition, from])),
  to: new Map(losses.map(({ partition, to }) => [partition, to])),
})
