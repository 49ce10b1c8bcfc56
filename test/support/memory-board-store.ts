/**
 * The boards in Redis, in memory: the same answers as the scripts give (test/conformance/board-store.ts runs over both),
 * at once, so that it serves in virtual time. Several owners share one `MemoryBoards`, as replicas share a Redis.
 */
import { defer, forkJoin, map, type Observable, of } from 'rxjs'
import type { BoardDiff, Entry } from '../../src/core/board-content.js'
import { RanktideError } from '../../src/core/errors.js'
import type { Positions } from '../../src/core/positions.js'
import type {
  BoardInspector,
  BoardMeta,
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

interface MemoryBoard {
  epoch: number
  owner: string
  version: number
  meta: BoardMeta | undefined
  readonly scores: Map<string, number>
  readonly rows: Map<string, string>
}

/** How many items of each kind were sent, over all owners; `meta` counts publishes, `changes` versions told. */
export interface Sent {
  leave: number
  scores: number
  rows: number
  meta: number
  changes: number
}

interface MemoryRegistry {
  readonly groups: Map<string, number | undefined>
  vouched: number
  removedAt: Positions
}

type Numbers = Pick<Vouching, 'number' | 'after'>

/** In between there may be one that was carried out and not answered; a later one makes this one late. */
const follows = ({ vouched }: MemoryRegistry, { number, after }: Numbers): boolean =>
  after === undefined || (vouched >= after && vouched <= number)

const copied = (board: MemoryBoard): MemoryBoard => ({
  ...board,
  scores: new Map(board.scores),
  rows: new Map(board.rows),
})

const inZsetOrder = (scores: ReadonlyMap<string, number>): (readonly [string, number])[] =>
  [...scores].sort(([a, x], [b, y]) => x - y || Buffer.compare(Buffer.from(a), Buffer.from(b)))

export class MemoryBoards {
  readonly sent: Sent = { leave: 0, scores: 0, rows: 0, meta: 0, changes: 0 }
  /** What each feed's owner confirmed last. */
  confirmed: Confirmation | undefined
  /** The most members a sorted set has ever held, per board. */
  readonly most = new Map<string, number>()
  readonly now: () => number
  readonly #boards = new Map<string, MemoryBoard>()
  /** Of split boards, by their names. */
  readonly registries = new Map<string, MemoryRegistry>()
  readonly #listeners = new Set<(board: string, version: number) => void>()

  /** `now`: the server's clock, ms since 1970. */
  constructor(now: () => number) {
    this.now = now
  }

  store(owner: string): MemoryBoardStore {
    return new MemoryBoardStore(this, owner)
  }

  flush(): void {
    this.#boards.clear()
    this.registries.clear()
  }

  /** A copy to go back to: a replica that takes over without the last writes. */
  save(): () => void {
    const copy = [...this.#boards].map(([name, board]) => [name, copied(board)] as const)
    const registries = [...this.registries].map(
      ([name, registry]) => [name, { ...registry, groups: [...registry.groups] }] as const,
    )
    const { confirmed } = this
    return () => {
      this.registries.clear()
      for (const [name, saved] of registries) this.registries.set(name, { ...saved, groups: new Map(saved.groups) })
      this.#boards.clear()
      for (const [name, board] of copy) this.#boards.set(name, copied(board))
      this.confirmed = confirmed
    }
  }

  /** Messages on the channels of the changes. */
  listen(listener: (board: string, version: number) => void): void {
    this.#listeners.add(listener)
  }

  announce(board: string, version: number): void {
    this.sent.changes++
    for (const listener of this.#listeners) listener(board, version)
  }

  names(): readonly string[] {
    return [...this.#boards.keys()]
  }

  /** A replayed board in the place of this one: as swap.lua has it, on the version that it was planned from. */
  swap(board: string, diff: BoardDiff, meta: BoardMeta): void {
    const found = this.getOrCreate(board)
    found.epoch = Math.max(found.epoch + 1, this.now())
    found.owner = 'replay'
    found.version = Math.max(found.version + 1, this.now())
    for (const member of diff.leave) {
      found.scores.delete(member)
      found.rows.delete(member)
    }
    for (const { member, score } of diff.scores) found.scores.set(member, Number(score))
    for (const { member, row } of diff.rows) found.rows.set(member, row)
    found.meta = meta
    this.announce(board, found.version)
  }

  delete(board: string): void {
    this.#boards.delete(board)
  }

  get(board: string): MemoryBoard | undefined {
    return this.#boards.get(board)
  }

  getOrCreate(board: string): MemoryBoard {
    const found = this.#boards.get(board)
    if (found !== undefined) return found
    const created = { epoch: 0, owner: '', version: this.now(), meta: undefined, scores: new Map(), rows: new Map() }
    this.#boards.set(board, created)
    return created
  }

  /** What plain reads would find: members in the zset's order, then rows without a place. */
  entries(board: string, withStrays = false): readonly Entry[] {
    const found = this.#boards.get(board)
    if (found === undefined) return []
    const entries = inZsetOrder(found.scores).map(([member, score]) => ({
      member,
      score: String(score),
      row: found.rows.get(member) ?? '',
    }))
    if (withStrays)
      for (const [member, row] of found.rows) if (!found.scores.has(member)) entries.push({ member, score: 'nan', row })
    return entries
  }
}

export class MemoryBoardStore implements BoardStore, BoardInspector {
  readonly #boards: MemoryBoards
  readonly #owner: string

  constructor(boards: MemoryBoards, owner: string) {
    this.#boards = boards
    this.#owner = owner
  }

  take(name: string): Observable<TakenBoard> {
    return defer(() => {
      const board = this.#boards.getOrCreate(name)
      board.epoch = Math.max(board.epoch + 1, this.#boards.now())
      board.owner = this.#owner
      for (const member of board.rows.keys()) if (!board.scores.has(member)) board.rows.delete(member)
      const { epoch, version, meta } = board
      return of({ epoch, version, meta, entries: this.#boards.entries(name) })
    })
  }

  takeAll(names: readonly string[]): Observable<readonly TakenBoard[]> {
    return forkJoin([of(undefined), ...names.map((name) => this.take(name))]).pipe(map(([, ...taken]) => taken))
  }

  registered(name: string): Observable<Registry> {
    return defer(() => {
      const { groups = new Map(), vouched = 0, removedAt = new Map() } = this.#boards.registries.get(name) ?? {}
      return of({ groups: new Map(groups), vouched, removedAt })
    })
  }

  register(split: OwnedSplit, values: readonly string[]): Observable<boolean> {
    return this.#changeRegistry(split, ({ groups }) => {
      for (const value of values) groups.set(value, undefined)
      return true
    })
  }

  vouch(split: OwnedSplit, { versions, number, after }: Vouching): Observable<boolean> {
    return this.#changeRegistry(split, (registry) => {
      if (!follows(registry, { number, after })) return false
      for (const [value, version] of versions) registry.groups.set(value, version)
      registry.vouched = number
      return true
    })
  }

  unregister(
    split: OwnedSplit,
    values: readonly string[],
    positions: Positions,
    numbers?: Numbers,
  ): Observable<boolean> {
    return this.#changeRegistry(split, (registry) => {
      if (numbers !== undefined && !follows(registry, numbers)) return false
      for (const value of values) registry.groups.delete(value)
      if (numbers !== undefined) registry.vouched = numbers.number
      registry.removedAt = positions
      return true
    })
  }

  forget(name: string, epoch: number, base: number): Observable<ForgetOutcome> {
    return defer(() => {
      const refusal = this.#refusal(name, epoch, base)
      if (refusal === undefined) {
        this.#boards.delete(name)
        this.#boards.announce(name, 0)
      }
      return of(refusal ?? ({ kind: 'forgotten' } as const))
    })
  }

  confirmed(): Observable<Confirmation> {
    return defer(() => of(this.#boards.confirmed ?? { positions: new Map(), versions: new Map() }))
  }

  publish(requests: readonly PublishRequest[]): Observable<readonly PublishOutcome[]> {
    return defer(() => of(requests.map((request) => this.#publishOne(request))))
  }

  confirm(positions: Positions, versions: ReadonlyMap<string, number>): Observable<void> {
    return defer(() => {
      this.#boards.confirmed = { positions, versions }
      return of(undefined)
    })
  }

  versions(names: readonly string[]): Observable<readonly (number | undefined)[]> {
    return defer(() => of(names.map((name) => this.#boards.get(name)?.version)))
  }

  inspect(name: string): Observable<FoundBoard | undefined> {
    return defer(() => {
      const board = this.#boards.get(name)
      if (board === undefined) return of(undefined)
      const { epoch, owner, version } = board
      return of({ epoch, owner, version, entries: this.#boards.entries(name, true) })
    })
  }

  #refusal(name: string, epoch: number, base: number): Exclude<PublishOutcome, { kind: 'published' }> | undefined {
    const board = this.#boards.get(name)
    if (board === undefined) return { kind: 'lost' }
    if (board.epoch !== epoch || board.owner !== this.#owner) return { kind: 'fenced' }
    if (board.version === base) return undefined
    return { kind: 'moved', version: board.version, entries: this.#boards.entries(name) }
  }

  #changeRegistry(
    { board: name, epoch }: OwnedSplit,
    change: (registry: MemoryRegistry) => boolean,
  ): Observable<boolean> {
    return defer(() => {
      const board = this.#boards.get(name)
      if (board === undefined) return of(false)
      if (board.epoch !== epoch || board.owner !== this.#owner) throw new RanktideError('LEASE_LOST', `board ${name}`)
      const registry = this.#boards.registries.get(name) ?? { groups: new Map(), vouched: 0, removedAt: new Map() }
      this.#boards.registries.set(name, registry)
      return of(change(registry))
    })
  }

  #publishOne({ board: name, epoch, base, diff, meta }: PublishRequest): PublishOutcome {
    const board = this.#boards.get(name)
    const refusal = this.#refusal(name, epoch, base)
    if (refusal !== undefined || board === undefined) return refusal ?? { kind: 'lost' }
    const { sent, most } = this.#boards
    for (const member of diff.leave) {
      board.scores.delete(member)
      board.rows.delete(member)
    }
    for (const { member, score } of diff.scores) board.scores.set(member, Number(score))
    for (const { member, row } of diff.rows) board.rows.set(member, row)
    most.set(name, Math.max(most.get(name) ?? 0, board.scores.size))
    sent.leave += diff.leave.length
    sent.scores += diff.scores.length
    sent.rows += diff.rows.length
    sent.meta++
    const old = board.meta?.status
    const differs = diff.leave.length + diff.scores.length + diff.rows.length > 0
    board.meta = meta
    if (differs || old?.state !== meta.status.state || old.reason !== meta.status.reason) {
      board.version = Math.max(board.version + 1, this.#boards.now())
      this.#boards.announce(name, board.version)
    }
    return { kind: 'published', version: board.version }
  }
}
