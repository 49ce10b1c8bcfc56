/**
 * Verifies boards in Redis against their table, from outside of their owner, by reading alone (and a marker a snapshot).
 *
 * A round: read the table in a snapshot that holds all that was committed; wait until Redis holds boards that their owner
 * has confirmed as of later than that; read the table again. What Redis showed is then of a moment between the two, so a
 * board that equals either is right, and what differs is judged by `BoardComparison`. Boards that equal the first look
 * cost one query.
 *
 * `stale`: not confirmed within the timeout; at once where nobody owns the feed and nobody comes. Memory: the boards of
 * one call. Boards of one call share their snapshots: many groups of a split board, or one board.
 */
import { BoardComparison, differencesOf, withScores } from '../core/board-comparison.js'
import { type Entry, isWell } from '../core/board-content.js'
import { diffBoards, isEmpty } from '../core/board-diff.js'
import { isoTime } from '../core/iso-time.js'
import type {
  BoardVerdict,
  Testimony,
  VerifyLimits,
  VerifyPorts,
  VerifyStatus,
  WitnessedBoard,
} from './verify-ports.js'

/** Rounds in which a difference must persist; fewer where each takes an assumed barrier's time. */
const rounds = { proven: 8, assumed: 4 } as const
/** Between two looks at Redis, and more looks at random moments once a board is confirmed, ms. */
const lookEvery = 100
const moreLooks = 3
const moreWithin = 150
/** How long nobody may own a feed, or have its board, before it is no use to wait, ms: a replica takes over in less. */
const grace = 5_000
/** Clocks of one server, read by two processes, ms. */
const margin = 50

const nothing: readonly Entry[] = []
const nobody: WitnessedBoard = {
  entries: nothing,
  version: undefined,
  status: undefined,
  foreign: false,
  confirmedAt: 0,
}

const areSame = (redis: readonly Entry[], table: readonly Entry[]): boolean => isEmpty(diffBoards(redis, table))

interface Case {
  /** Made when first needed: by then it is known how the board is proven. */
  comparison: BoardComparison | undefined
  board: WitnessedBoard
  /** The last look at the table. */
  table: readonly Entry[]
  /** Looks at Redis of this round that are of after the first look at the table. */
  reads: (readonly Entry[])[]
  /** Since when it is no use to wait, by the monotonic clock. */
  hopelessSince: number | undefined
  reason: string
  looks: number
}

export const verifyBoards = async (
  names: readonly string[],
  ports: VerifyPorts,
  limits: VerifyLimits,
): Promise<readonly BoardVerdict[]> => new Verification(ports, limits, names).run()

class Verification {
  readonly #ports: VerifyPorts
  readonly #limits: VerifyLimits
  readonly #names: readonly string[]
  readonly #cases = new Map<string, Case>()
  readonly #verdicts = new Map<string, BoardVerdict>()
  #deadline = 0

  constructor(ports: VerifyPorts, limits: VerifyLimits, names: readonly string[]) {
    this.#ports = ports
    this.#limits = limits
    this.#names = names
  }

  async run(): Promise<readonly BoardVerdict[]> {
    for (const [name, table] of await this.#readTable(this.#names)) this.#open(name, table)
    for (let first = true; this.#cases.size > 0; first = false) {
      await this.#listen(first)
      if (first)
        for (const [name, one] of [...this.#cases])
          if (one.reads.some((read) => areSame(read, one.table))) this.#close(name, one, 'ok', one.table)
      if (this.#cases.size === 0) break
      await this.#compare()
    }
    return this.#names.flatMap((name) => this.#verdicts.get(name) ?? [])
  }

  #open(name: string, table: readonly Entry[]): void {
    this.#cases.set(name, {
      comparison: undefined,
      board: nobody,
      table,
      reads: [],
      hopelessSince: undefined,
      reason: '',
      looks: 1,
    })
  }

  async #compare(): Promise<void> {
    for (const [name, after] of await this.#readTable([...this.#cases.keys()])) {
      const one = this.#cases.get(name)
      if (one === undefined) continue
      one.comparison ??= new BoardComparison(one.board.status?.state === 'assumed' ? rounds.assumed : rounds.proven)
      one.comparison.round(one.table, one.reads, after)
      const matched = one.reads.findLast((read) => areSame(read, after))
      one.table = after
      one.looks += 1
      if (!one.comparison.decided) continue
      const differs = one.comparison.differences().length > 0
      this.#close(name, one, differs ? 'differs' : 'ok', matched)
    }
  }

  async #readTable(names: readonly string[]): Promise<readonly (readonly [string, readonly Entry[]])[]> {
    const read = await this.#ports.table.read(names)
    return names.map((name) => [name, read.get(name) ?? nothing])
  }

  /** Looks at Redis until every board has been seen that was confirmed after now; those that were not are closed. */
  async #listen(first: boolean): Promise<void> {
    const { redis, wait, random } = this.#ports
    const { now: since } = await redis.read([])
    this.#deadline = this.#ports.now() + this.#limits.timeout
    for (const one of this.#cases.values()) {
      one.reads = []
      one.hopelessSince = undefined
    }
    const waiting = () => [...this.#cases].filter(([, { reads }]) => reads.length === 0)
    while (waiting().length > 0) {
      this.#note(await redis.read([...this.#cases.keys()]), since)
      for (const [name, one] of waiting()) if (this.#isHopeless(one)) this.#giveUp(name, one)
      if (waiting().length > 0) await wait(lookEvery)
    }
    if (first || this.#cases.size === 0) return
    for (let i = 0; i < moreLooks; i++) {
      await wait(random() * moreWithin)
      this.#note(await redis.read([...this.#cases.keys()]), since)
    }
  }

  #note({ owner, boards }: Testimony, since: number): void {
    for (const [name, one] of this.#cases) {
      const board = boards.get(name) ?? nobody
      const { status, version, foreign, confirmedAt } = board
      one.board = board
      const assumed = status?.state === 'assumed'
      const after = since + (assumed ? this.#limits.overlap : margin)
      if (!foreign && confirmedAt > after && (status === undefined || isWell(status))) {
        one.reads.push(board.entries)
        continue
      }
      // A group that is not there says nothing of itself; its split board does.
      const absent = version === undefined && confirmedAt === 0
      one.reason = reasonOf(board, owner)
      if (owner !== undefined && !absent && !foreign) one.hopelessSince = undefined
      else one.hopelessSince ??= this.#ports.now()
    }
  }

  #isHopeless({ hopelessSince }: Case): boolean {
    const now = this.#ports.now()
    return now >= this.#deadline || (hopelessSince !== undefined && now - hopelessSince >= grace)
  }

  #giveUp(name: string, one: Case): void {
    const isThere = one.board.version !== undefined
    this.#close(name, one, isThere ? 'stale' : 'not there')
  }

  /** `equal`: what the table held and Redis, too. */
  #close(name: string, one: Case, status: VerifyStatus, equal?: readonly Entry[]): void {
    this.#cases.delete(name)
    const { board, comparison } = one
    const redis = equal ?? one.reads.at(-1) ?? board.entries
    const table = equal ?? one.table
    const found = status === 'stale' ? differencesOf(redis, table) : (comparison?.differences() ?? [])
    const said = board.status?.reason ?? ''
    this.#verdicts.set(name, {
      name,
      status: status === 'differs' && board.version === undefined ? 'not there' : status,
      state: board.status?.state,
      reason: status === 'ok' || status === 'differs' ? said : one.reason,
      version: board.version,
      confirmedAt: board.confirmedAt === 0 ? undefined : board.confirmedAt,
      differences: status === 'not there' ? [] : withScores(found, redis, table),
      moving: status === 'stale' || status === 'not there' ? 0 : (comparison?.moving ?? 0),
      redis,
      table,
      looks: one.looks,
    })
  }
}

const reasonOf = ({ version, status, foreign, confirmedAt }: WitnessedBoard, owner: string | undefined): string => {
  const since = confirmedAt === 0 ? 'never confirmed' : `not confirmed since ${isoTime(confirmedAt)}`
  const by = owner === undefined ? 'nobody owns the feed' : `its owner is ${owner}`
  if (version === undefined) return `no such board in Redis; ${by}`
  if (foreign) return `kept under another definition than that of this configuration; ${by}`
  const says = status === undefined || isWell(status) ? '' : `; it says ${status.state}: ${status.reason}`
  return `${since}; ${by}${says}`
}
