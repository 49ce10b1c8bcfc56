/**
 * Why a row is, or is not, on a board: the table, the stream and Redis are asked, and compared.
 *
 * Nothing is written. What could not be asked is told, and what is known without it is told all the same. Where the three
 * are not the same they are looked at once more a moment later: rows move while they are asked one after the other.
 */
import { definitionOf } from '../core/board-definition.js'
import type { BoardSpec } from '../core/board-spec.js'
import { RanktideError, verdictOf } from '../core/errors.js'
import { claimOf, conclude, type Facts, isPassing } from '../core/explanation.js'
import { nearestName } from '../core/nearest-name.js'
import { rankingOf } from '../core/ranking.js'
import type { Image } from '../core/table.js'
import { readRow } from '../databases/mysql/read-row.js'
import { canalJson } from '../formats/canal-json.js'
import type { BoardConfig, Config } from '../runtime/config.js'
import { feedsOf } from '../runtime/feeds.js'
import type { WorkerDatabase } from '../worker/database.js'
import { splitValue, splitValueText } from '../worker/split-values.js'
import { BoardOrder } from '../worker/view-entries.js'
import type { BoardLook } from './board-look.js'
import { boardThere, type Inquiry, type Told, withoutTable } from './explain-from-redis.js'
import { type Explanation, type Found, keyReport, redisPart, rowPart, streamPart } from './explanation-report.js'
import { memberFromText } from './member-text.js'
import { newestChange, type Searched } from './newest-change.js'
import { openServers } from './open-servers.js'
import { type Problem, problemOf, type Tell } from './status.js'

export interface ExplainRequest {
  readonly board: string
  /** As a person writes it. */
  readonly key: string
  /** The group of a split board, as a person writes it; undefined: that of the row. */
  readonly per: string | undefined
  /** How far back the stream is searched, ms; 0: not at all. */
  readonly scanMs: number
}

/** Told how many messages were searched so far. */
export type Progress = (messages: number) => void

/** Pause before the second look, ms: an owner publishes and confirms within a second. */
const secondLookAfter = 1_500

/** Messages that are searched for a row. */
const mostSearched = 1_000_000

/** CONFIG_INVALID for a board, key or group that cannot be, with what can; never rejects for a server. */
export const explain = async (config: Config, request: ExplainRequest, progress: Progress): Promise<Explanation> => {
  const board = boardNamed(config, request)
  const problems = new Map<string, Problem>()
  const tell: Tell = (server, what, error) => problems.set(`${server} ${what}`, problemOf(server, what, error))
  const servers = await openServers(config, tell)
  try {
    const feed = feedsOf(config).find(({ boards }) => boards.includes(board)) ?? { name: '', topics: [], boards: [] }
    const inquiry: Inquiry = { ...request, board, feed, prefix: config.redis?.prefix ?? '', servers, tell }
    const spec = await resolve(servers.database, board, tell)
    const told =
      spec === undefined
        ? await withoutTable(inquiry)
        : await new Explainer(inquiry, spec, request.scanMs, progress).explain()
    return { at: new Date().toISOString(), board: board.name, ...told, problems: [...problems.values()] }
  } finally {
    await servers.close()
  }
}

const boardNamed = ({ boards, counters, file }: Config, { board, per }: ExplainRequest): BoardConfig => {
  const found = boards.find(({ name }) => name === board)
  const names = boards.map(({ name }) => name)
  if (found === undefined) {
    const near = nearestName(board, names)
    const there = names.length === 0 ? 'It has none' : `There are: ${names.join(', ')}`
    if (counters.some(({ spec }) => spec.name === board))
      throw invalid(`${board} is a counter, and rows of boards are explained. ${there}`)
    throw invalid(`${file} has no board ${board}${near === undefined ? '.' : `; did you mean ${near}?`} ${there}`)
  }
  if (per !== undefined && found.per === undefined) throw invalid(`board ${board} is not split: --per does not fit`)
  return found
}

const invalid = (detail: string): RanktideError => new RanktideError('CONFIG_INVALID', `ranktide explain: ${detail}`)

/** Undefined where the database cannot be asked; what is wrong with the board itself is thrown. */
const resolve = async (database: WorkerDatabase, board: BoardConfig, tell: Tell): Promise<BoardSpec | undefined> => {
  try {
    const [spec] = await database.resolve([board])
    return spec
  } catch (error) {
    if (verdictOf(error) === 'fatal') throw error
    tell('database', 'the row', error)
    return undefined
  }
}

class Explainer {
  readonly #inquiry: Inquiry
  readonly #spec: BoardSpec
  readonly #scanMs: number
  readonly #progress: Progress
  readonly #member: string
  readonly #asked: string | undefined
  /** What was searched of the stream before, so that only what came since is searched again. */
  #searched: Searched | undefined
  #messages = 0

  constructor(inquiry: Inquiry, spec: BoardSpec, scanMs: number, progress: Progress) {
    this.#inquiry = inquiry
    this.#spec = spec
    this.#scanMs = scanMs
    this.#progress = progress
    this.#member = memberFromText(spec.table, inquiry.key)
    this.#asked = groupAsked(spec, inquiry.per)
  }

  async explain(): Promise<Told> {
    const first = await this.#look()
    if (!isPassing(conclude(first.facts))) return this.#told(first)
    await new Promise((resolve) => setTimeout(resolve, secondLookAfter))
    return this.#told(await this.#look())
  }

  /** The table first, then Redis, then the stream: what is applied in Redis is in the stream. */
  async #look(): Promise<{ readonly found: Found; readonly facts: Facts }> {
    const spec = this.#spec
    const row = await this.#row()
    const change = await this.#search()
    const group =
      spec.per === undefined ? undefined : (this.#asked ?? row?.[spec.per] ?? change?.image?.[spec.per] ?? undefined)
    const board = spec.per !== undefined && group === undefined ? undefined : await this.#there(group)
    const since = this.#searched?.whole === true && change === undefined ? undefined : Date.now() - this.#scanMs
    const searched = this.#searched === undefined ? undefined : { messages: this.#messages, since }
    const facts = { spec, ranking: rankingOf(spec), key: this.#member, row, change, board, group }
    return { found: { row, change, searched, board }, facts }
  }

  async #row(): Promise<Image | null | undefined> {
    const { servers, tell } = this.#inquiry
    try {
      return await servers.database.primary.use((session) => readRow(session, this.#spec.table, this.#member))
    } catch (error) {
      tell('database', 'the row', error)
      return undefined
    }
  }

  async #search() {
    const { servers, board, tell } = this.#inquiry
    const look = servers.kafka
    if (look === undefined || this.#scanMs === 0) return undefined
    const { table } = this.#spec
    try {
      const before = this.#searched
      const done = this.#messages
      const found = await newestChange(look, {
        topics: board.topics,
        table,
        key: this.#member,
        decode: canalJson([table]),
        since: Date.now() - this.#scanMs,
        most: mostSearched,
        ...(before === undefined ? {} : { after: before.ends }),
        progress: (messages) => {
          this.#messages = done + messages
          this.#progress(this.#messages)
        },
      })
      const { whole = found.whole, cut = found.cut } = before ?? {}
      this.#searched = { ...found, change: found.change ?? before?.change, whole, cut }
      return this.#searched.change
    } catch (error) {
      tell('kafka', 'the newest change', error)
      return undefined
    }
  }

  /** In the board's order. */
  async #there(group: string | undefined): Promise<BoardLook | null | undefined> {
    const there = await boardThere(this.#inquiry, group)
    return there && { ...there, entries: new BoardOrder().of(this.#spec, there.entries) }
  }

  #told({ found, facts }: { readonly found: Found; readonly facts: Facts }): Told {
    const { table } = this.#spec
    const { row, board } = found
    const claim = row === undefined ? undefined : claimOf(facts, row)
    return {
      per: facts.group ?? null,
      member: this.#member,
      key: keyReport(table, this.#member),
      conclusion: conclude(facts),
      ...rowPart(this.#spec, this.#member, found, claim),
      stream: streamPart(table, found),
      redis: redisPart(this.#spec.size, this.#member, board),
      notes: this.#notes(board),
    }
  }

  #notes(board: BoardLook | null | undefined): readonly string[] {
    const other = board && board.definition !== definitionOf(this.#spec, this.#inquiry.feed.topics)
    const cut = this.#searched?.cut === true && this.#searched.change === undefined
    return [
      ...(other
        ? ['the board in Redis is of another definition than the configuration: it is read anew when a worker has that']
        : []),
      ...(cut ? [`the stream was searched through its newest ${this.#messages} messages, no further`] : []),
    ]
  }
}

const groupAsked = (spec: BoardSpec, per: string | undefined): string | undefined => {
  const column = spec.table.columns[spec.per ?? -1]
  if (per === undefined || column === undefined) return undefined
  const value = splitValue(column.type, per)
  if (value !== undefined) return value
  throw invalid(`--per ${JSON.stringify(per)}; allowed: a value of ${column.name}, ${splitValueText(column.type)}`)
}
