/**
 * Redis in a history: the memory store behind calls that fail and lag, with everything that is written held against the
 * truth as it is written. What is wrong is kept for the history to throw: rxjs would take a throw here for an error of
 * the store.
 */
import type { Observable } from 'rxjs'
import type { Entry } from '../../src/core/board-content.js'
import type { BoardSpec } from '../../src/core/board-spec.js'
import { RanktideError } from '../../src/core/errors.js'
import { isBehind } from '../../src/core/feed-pulse.js'
import { groupName, valueInName } from '../../src/core/group-name.js'
import { furthest, type Positions } from '../../src/core/positions.js'
import type {
  BoardInspector,
  BoardStore,
  Confirmation,
  ForgetOutcome,
  FoundBoard,
  OwnedSplit,
  PublishOutcome,
  PublishRequest,
  Registry,
  TakenBoard,
  Vouching,
} from '../../src/operators/ports.js'
import { vouchingOf } from '../../src/operators/published-boards.js'
import type { Swap } from '../../src/redis/replay-store.js'
import type { Draws } from './draws.js'
import { type MemoryBoardStore, MemoryBoards } from './memory-board-store.js'
import { type Fate, simulatedCall } from './simulated-call.js'
import type { VirtualTime } from './virtual-time.js'

/**
 * The rows of a board, best first, when the feed has been read up to `positions`. `value`: of which group, if the board is
 * split.
 */
export type Truth = (spec: BoardSpec, positions: Positions, value: string | undefined) => readonly string[]

export class WatchedBoards {
  readonly boards: MemoryBoards
  readonly #specs: ReadonlyMap<string, BoardSpec>
  readonly #truth: Truth
  readonly #time: VirtualTime
  readonly #provable: boolean
  readonly #values: readonly string[]
  /** Who took each board last: nobody else may write it. */
  readonly #takers = new Map<string, string>()
  /** Whoever took the feed last: his word counts, that of others is refused. */
  owner = ''
  complaint: string | undefined
  /** Boards that others have written to; what they hold is not their owner's doing until it is right again. */
  readonly tampered = new Set<string>()
  /** Boards that lost writes without their owner having been told. */
  readonly unnoticed = new Set<string>()
  /** Boards that were found to be other than expected, or may be: the next publish may write what is there already. */
  readonly healed = new Set<string>()

  /** Whether everything that was committed before a time is in the feed up to these positions. */
  holds: (time: number, positions: Positions) => boolean = () => true

  /** `provable`: whether any board can ever be known to be exact. `values`: all that a split board may have groups of. */
  constructor(
    specs: readonly BoardSpec[],
    time: VirtualTime,
    truth: Truth,
    provable: boolean,
    values: readonly string[] = [],
  ) {
    this.#provable = provable
    this.#values = values
    this.boards = new MemoryBoards(() => time.now())
    this.#specs = new Map(specs.map((spec) => [spec.name, spec]))
    this.#time = time
    this.#truth = truth
  }

  take(store: MemoryBoardStore, owner: string, board: string): TakenBoard {
    this.#takers.set(board, owner)
    // One who does not know yet that he has lost the feed takes a board that he believes to be lost.
    if (owner === this.owner) this.unnoticed.delete(board)
    else this.unnoticed.add(board)
    return now(store.take(board))
  }

  complain(what: string): void {
    this.complaint ??= what
  }

  flush(): void {
    for (const board of this.#allNames()) this.unnoticed.add(board)
    this.boards.flush()
    this.boards.confirmed = undefined
    this.tampered.clear()
  }

  /** A replay puts its board in the place of the live one: whoever owned it is fenced. */
  swap(board: string, { diff, meta }: Pick<Swap, 'diff' | 'meta'>): void {
    this.boards.swap(board, diff, meta)
    this.#takers.set(board, 'a replay')
    this.healed.add(board)
  }

  /** Makes a failover to what is there now: everything that is written from now on will be lost by it. */
  failOverToNow(): () => void {
    const load = this.boards.save()
    const takers = new Map(this.#takers)
    return () => {
      for (const board of this.#allNames()) this.unnoticed.add(board)
      load()
      for (const [board, owner] of takers) this.#takers.set(board, owner)
      for (const board of this.#allNames()) this.unnoticed.add(board)
    }
  }

  tamper(board: string, draws: Draws): void {
    const found = this.boards.get(board)
    if (found === undefined) return
    const members = [...found.scores.keys()]
    const member = members[draws.below(members.length + 1)] ?? 'stray'
    const harm = draws.below(4)
    if (harm < 2) found.scores.set(member, draws.below(5))
    else if (harm === 2) found.rows.set(member, '{"id":"stray"}')
    else found.scores.delete(member)
    this.tampered.add(board)
  }

  publishOne(store: MemoryBoardStore, owner: string, request: PublishRequest): PublishOutcome {
    const name = request.board
    const before = this.boards.entries(name, true)
    const metaBefore = this.boards.get(name)?.meta
    const [outcome] = now(store.publish([request]))
    if (outcome === undefined) throw new Error('the store answers nothing')
    if (outcome.kind !== 'published') return outcome
    const taker = this.#takers.get(name)
    if (owner !== taker) this.complain(`${owner} wrote ${name} after ${taker} took it`)
    const after = this.boards.entries(name, true)
    const pairs = changes(before, after)
    const { leave, scores, rows } = request.diff
    const sent = leave.length + scores.length + rows.length
    if (!this.tampered.has(name) && !this.unnoticed.has(name)) {
      if (sent !== pairs) this.complain(`${sent} pairs sent to ${name} where ${pairs} change`)
      const size = this.#specOf(name)?.spec.size ?? 0
      if (after.length > size) this.complain(`${name} holds ${after.length} members of ${size}`)
      const { meta } = request
      const idle = metaBefore?.complete === meta.complete && metaBefore.definition === meta.definition
      const same = metaBefore?.status.state === meta.status.state && metaBefore.status.reason === meta.status.reason
      if (sent === 0 && idle && same && !this.healed.has(name)) this.complain(`${name} was written for nothing`)
    }
    this.healed.delete(name)
    if (!this.#provable && request.meta.status.state === 'exact')
      this.complain(`${name} claims to be exact without a proof`)
    // The difference fitted what is there, so its owner knows that.
    if (owner === this.owner) this.unnoticed.delete(name)
    this.#checkExact(name, request.meta.positions, 'published')
    return outcome
  }

  /** The feed's owner says that its boards, in these versions, are those of these positions. */
  confirm(owner: string, confirmation: Confirmation, at: number): void {
    if (owner !== this.owner) throw new RanktideError('LEASE_LOST', 'simulated')
    this.boards.confirmed = confirmation
    this.#checkTime(confirmation, at)
    for (const [name, version] of confirmation.versions) {
      const found = this.boards.get(name)
      if (found?.meta !== undefined && found.version === version)
        this.#checkExact(name, furthest(found.meta.positions, confirmation.positions), 'confirmed')
    }
    for (const split of this.#specs.values()) if (split.per !== undefined) this.#checkVouched(split, confirmation)
  }

  /** What a start may take from the heartbeat of groups whose versions the registry names. */
  #checkVouched({ name: split }: BoardSpec, { positions, versions }: Confirmation): void {
    const number = versions.get(vouchingOf(split))
    if (number === undefined || (this.boards.registries.get(split)?.vouched ?? 0) < number) return
    for (const [value, version] of this.boards.registries.get(split)?.groups ?? []) {
      const name = groupName(split, value)
      const found = this.boards.get(name)
      if (found?.meta !== undefined && found.version === version)
        this.#checkExact(name, furthest(found.meta.positions, positions), 'vouched for')
    }
  }

  /**
   * Offsets are committed: what Redis has of each board is at least as new, or says that it is not exact. `waited`: their
   * owner has had enough time to give up on a board that it can't fill.
   */
  commit(positions: Positions, waited: boolean): void {
    for (const name of this.#specs.keys()) {
      if (this.unnoticed.has(name)) continue
      const meta = this.boards.get(name)?.meta
      if (meta !== undefined) this.#checkExact(name, furthest(meta.positions, positions), 'committed')
      else if (!waited) this.complain(`committed while Redis has no ${name}`)
      if (meta?.status.state === 'exact') this.#checkGroups(name, positions)
    }
  }

  #checkGroups(split: string, positions: Positions): void {
    const spec = this.#specs.get(split)
    // What was lost is found group by group.
    if (spec?.per === undefined || [...this.unnoticed].some((name) => name.startsWith(`${split}/`))) return
    // Boards may be newer than what is committed; of those that are gone the registry says as of when.
    const removedAt = furthest(positions, this.boards.registries.get(split)?.removedAt ?? new Map())
    for (const value of this.#values) {
      const name = groupName(split, value)
      const meta = this.boards.get(name)?.meta
      if (this.unnoticed.has(name)) continue
      if (meta !== undefined) this.#checkExact(name, furthest(meta.positions, positions), 'committed')
      else if ([positions, removedAt].every((at) => this.#truth(spec, at, value).length > 0))
        this.complain(`committed while Redis has no ${name}`)
    }
  }

  #allNames(): readonly string[] {
    return [...this.#specs.keys(), ...this.boards.names()]
  }

  /** The board that is configured, and of which group of it this is the name. */
  #specOf(name: string): { readonly spec: BoardSpec; readonly value: string | undefined } | undefined {
    const [board = ''] = name.split('/', 1)
    const spec = this.#specs.get(board)
    return spec && { spec, value: valueInName(board, name) }
  }

  /** Boards that claim to be exact hold everything that was committed before the time they are dated from. */
  #checkTime({ positions, versions }: Confirmation, at: number): void {
    for (const [name, version] of versions) {
      const found = this.boards.get(name)
      if (found?.version !== version || found.meta?.status.state !== 'exact') continue
      if (!this.holds(at, furthest(found.meta.positions, positions)))
        this.complain(`confirmed at ${this.#time.now()} as of ${at}: ${name} lacks what was committed before`)
    }
  }

  #checkExact(name: string, positions: Positions, when: string): void {
    const board = this.#specOf(name)
    const found = this.boards.get(name)
    const { state, reason = '' } = found?.meta?.status ?? {}
    if (board === undefined || !(state === 'exact' || isBehind(reason))) return
    const { spec, value } = board
    const entries = this.boards.entries(name, true)
    const whole = spec.per !== undefined && value === undefined
    const wrong = difference(entries, whole ? [] : this.#truth(spec, positions, value))
    if (wrong === undefined) {
      this.tampered.delete(name)
    } else if (!this.tampered.has(name)) {
      const at = JSON.stringify([...positions])
      this.complain(`${when} at ${at}, ${this.#time.now()}: ${name} claims to be exact\n${wrong}`)
    }
  }
}

/** Undefined when these are the rows with the scores that they tell. */
export const difference = (entries: readonly Entry[], rows: readonly string[]): string | undefined => {
  const ours = entries.map(({ row }) => row).sort()
  const expected = [...rows].sort()
  if (ours.length !== expected.length || ours.join('\n') !== expected.join('\n'))
    return `${ours.join('\n')}\n--- expected ---\n${expected.join('\n')}`
  for (const { row, score } of entries) {
    const told = JSON.parse(row) as { likes?: number; score?: number }
    if (Number(score) !== Number(told.score ?? told.likes)) return `${row} stands at ${score}`
  }
  return undefined
}

/** The fewest writes that lead from one to the other: members that leave, scores and rows that are new. */
const changes = (before: readonly Entry[], after: readonly Entry[]): number => {
  const old = new Map(before.map((entry) => [entry.member, entry]))
  let count = 0
  for (const { member, score, row } of after) {
    const known = old.get(member)
    old.delete(member)
    if (known?.score !== score) count += 1
    if (known?.row !== row) count += 1
  }
  return count + old.size
}

const unreachable = (): RanktideError => new RanktideError('REDIS_UNREACHABLE', 'simulated')

/** The store as one owner has it. */
export class WatchedStore implements BoardStore, BoardInspector {
  readonly owner: string
  /** Whether a publish was refused because another had taken the board. */
  fenced = false
  readonly #watched: WatchedBoards
  readonly #store: MemoryBoardStore
  readonly #time: VirtualTime
  readonly #fate: () => Fate
  readonly #draws: Draws

  constructor(watched: WatchedBoards, owner: string, time: VirtualTime, fate: () => Fate, draws: Draws) {
    this.#watched = watched
    this.owner = owner
    this.#store = watched.boards.store(owner)
    this.#time = time
    this.#fate = fate
    this.#draws = draws
  }

  take(board: string): Observable<TakenBoard> {
    return this.#call(() => this.#watched.take(this.#store, this.owner, board))
  }

  takeAll(boards: readonly string[]): Observable<readonly TakenBoard[]> {
    return this.#call(() => boards.map((board) => this.#watched.take(this.#store, this.owner, board)))
  }

  registered(board: string): Observable<Registry> {
    return this.#call(() => now(this.#store.registered(board)))
  }

  register(split: OwnedSplit, values: readonly string[]): Observable<boolean> {
    return this.#call(() => now(this.#store.register(split, values)))
  }

  vouch(split: OwnedSplit, vouching: Vouching): Observable<boolean> {
    return this.#call(() => now(this.#store.vouch(split, vouching)))
  }

  forget(board: string, epoch: number, base: number): Observable<ForgetOutcome> {
    return this.#call(() => now(this.#store.forget(board, epoch, base)))
  }

  unregister(...given: Parameters<MemoryBoardStore['unregister']>): Observable<boolean> {
    return this.#call(() => now(this.#store.unregister(...given)))
  }

  publish(requests: readonly PublishRequest[]): Observable<readonly PublishOutcome[]> {
    const fate = this.#fate()
    // A connection that breaks in the middle of the round trip.
    const arrived = fate.fails ? requests.slice(0, 1 + this.#draws.below(requests.length)) : requests
    const effect = () => arrived.map((request) => this.#watched.publishOne(this.#store, this.owner, request))
    return this.#call(() => {
      const outcomes = effect()
      if (!fate.fails && outcomes.some(({ kind }) => kind === 'fenced')) this.fenced = true
      if (fate.fails) for (const { board } of arrived) this.#watched.healed.add(board)
      return outcomes
    }, fate)
  }

  confirmed(): Observable<Confirmation> {
    return this.#call(() => now(this.#store.confirmed()))
  }

  confirm(positions: Positions, versions: ReadonlyMap<string, number>, at = 0): Observable<void> {
    return this.#call(() => this.#watched.confirm(this.owner, { positions, versions }, at))
  }

  versions(boards: readonly string[]): Observable<readonly (number | undefined)[]> {
    return this.#call(() => now(this.#store.versions(boards)))
  }

  inspect(board: string): Observable<FoundBoard | undefined> {
    return this.#call(() => now(this.#store.inspect(board)))
  }

  #call<T>(effect: () => T, fate = this.#fate()): Observable<T> {
    return simulatedCall(this.#time, fate, effect, unreachable)
  }
}

/** The memory store answers at once. */
export const now = <T>(answer$: Observable<T>): T => {
  let answers: T[] = []
  let refusals: unknown[] = []
  answer$.subscribe({
    next: (answer) => {
      answers = [answer]
    },
    error: (error: unknown) => {
      refusals = [error]
    },
  })
  for (const refusal of refusals) throw refusal
  for (const answer of answers) return answer
  throw new Error('the store did not answer at once')
}
