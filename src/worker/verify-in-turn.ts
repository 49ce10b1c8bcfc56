/**
 * The owner's own verification, now and then: each board of the feed as readers find it in Redis against its table, one
 * after the other, as `ranktide verify` does it from outside. What differs is told and counted, and not repaired here: the
 * audit repairs what its owner holds, and the comparison in turn what Redis has.
 *
 * Off by default: it asks the table once a board and more often where rows move, and a feed whose rows only rise is to
 * cost no query but the audit's. Never fails. Memory: the boards of one look.
 *
 * Unsubscribed, it says nothing more of the boards that it is looking at: whoever keeps them now, or by another definition,
 * verifies them.
 */
import { defer, EMPTY, exhaustMap, filter, finalize, from, ignoreElements, interval, type Observable } from 'rxjs'
import { definitionOf } from '../core/board-definition.js'
import type { BoardSpec } from '../core/board-spec.js'
import { asRanktideError } from '../core/errors.js'
import type { Base } from '../operators/ports.js'
import type { Recorder } from '../operators/recorder.js'
import type { BoardVerdict, RedisWitness, VerifyStatus } from '../operators/verify-ports.js'
import type { RedisBoardStore } from '../redis/board-store.js'
import type { Lease } from '../redis/lease.js'
import type { Log } from '../runtime/log.js'
import { type VerifiedFeed, verifyBoard } from './verify-feed.js'

export interface VerifyOptions {
  readonly name: string
  readonly topics: readonly string[]
  readonly served: { readonly specs: readonly BoardSpec[] }
  readonly store: Pick<RedisBoardStore, 'registered'> & {
    witness(board: string, definition: string, split: boolean): RedisWitness
  }
  readonly base: Base
  readonly lease: Pick<Lease, 'holds'>
  /** ms; undefined: never. */
  readonly verifyEvery: number | undefined
  readonly log: Log
  readonly recorder: Pick<Recorder, 'verified'>
}

/** How long a board may go unconfirmed, and how much later than a look one must be confirmed that is assumed, ms. */
const limits = { timeout: 30_000, overlap: 10_000 } as const

export const verifyInTurn = (options: VerifyOptions): Observable<never> => {
  const { verifyEvery, lease } = options
  if (verifyEvery === undefined) return EMPTY
  return interval(verifyEvery).pipe(
    filter(() => lease.holds()),
    exhaustMap(() => verification(options)),
    ignoreElements(),
  )
}

const verification = (options: VerifyOptions): Observable<void> =>
  defer(() => {
    let wanted = true
    const stillOurs = (): boolean => wanted && options.lease.holds()
    return from(verifyAll(options, stillOurs)).pipe(
      finalize(() => {
        wanted = false
      }),
    )
  })

const verifyAll = async (options: VerifyOptions, stillOurs: () => boolean): Promise<void> => {
  const { base, store, topics, served, log } = options
  const feed: VerifiedFeed = {
    base,
    limits,
    witnessOf: (spec) => store.witness(spec.name, definitionOf(spec, topics), spec.per !== undefined),
    registered: async (board) => (await store.registered(board)).groups.keys(),
  }
  for (const spec of served.specs) {
    if (!stillOurs()) return
    try {
      await verifyOne(feed, spec, options, stillOurs)
    } catch (error) {
      if (!stillOurs()) return
      const { code, detail } = asRanktideError(error)
      log.warn({ board: spec.name, code, detail }, 'Board could not be verified')
    }
  }
}

const verifyOne = async (
  feed: VerifiedFeed,
  spec: BoardSpec,
  { log, recorder }: VerifyOptions,
  stillOurs: () => boolean,
): Promise<void> => {
  const wrong: BoardVerdict[] = []
  let boards = 0
  for await (const found of verifyBoard(feed, spec, undefined)) {
    if (!stillOurs()) return
    boards += found.length
    wrong.push(...found.map(({ verdict }) => verdict).filter(({ status }) => status !== 'ok'))
  }
  const worst = worstOf(wrong)
  recorder.verified(spec.name, worst, Date.now())
  if (worst === 'ok') log.info({ board: spec.name, boards }, 'Board verified')
  for (const { name, status, reason, differences } of wrong) {
    const count = differences.length
    log.error({ board: spec.name, name, status, reason, count }, 'Board is not as its table')
    log.debug({ name, members: differences.map(({ member }) => member) }, 'Members that differ')
  }
}

/** `differs` is wrong for readers; the others say of themselves that they may be. */
const order: readonly VerifyStatus[] = ['differs', 'not there', 'stale']

const worstOf = (wrong: readonly BoardVerdict[]): VerifyStatus =>
  order.find((status) => wrong.some((one) => one.status === status)) ?? 'ok'
