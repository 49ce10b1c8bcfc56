/**
 * Boards on a recorded feed, in virtual time: its messages are decoded, folded and applied in windows, markers come
 * back behind them, and queries are answered with the rows that the server had. Those are known at the end of each
 * scenario only, so a query in the middle of one gets rows that the feed has yet to tell of, as from a fast database;
 * `late` answers are the other way round.
 */
import { isLeft } from 'fp-ts/lib/Either.js'
import type { BoardSpec } from '../../src/core/board-spec.js'
import type { Decode, FeedEvent } from '../../src/core/change.js'
import { Feed } from '../../src/core/feed.js'
import type { BoardSnapshot, FeedInput } from '../../src/core/feed-io.js'
import { memberOf } from '../../src/core/member.js'
import { foldNewest } from '../../src/core/newest-per-key.js'
import type { Note } from '../../src/core/note.js'
import { partitionId } from '../../src/core/positions.js'
import type { RefillRows } from '../../src/core/refill.js'
import { rowJson } from '../../src/core/row-json.js'
import type { Column, Image } from '../../src/core/table.js'
import { canalJson } from '../../src/formats/canal-json.js'
import type { RecordedMessage, RecordedScenario } from './recorded.js'

const decimals = 10n ** 10n

/** A value that compares as its column does; scores have ten decimals at most. */
const comparable = ({ type }: Column, value: string): bigint | string => {
  if (type.kind === 'integer') return BigInt(value)
  if (type.kind !== 'decimal') return value
  const [whole = '0', fraction = ''] = value.split('.')
  const size = BigInt(whole.replace('-', '')) * decimals + BigInt(fraction.padEnd(10, '0'))
  return value.startsWith('-') ? -size : size
}

const scoreColumnOf = ({ score }: BoardSpec): number => (score.kind === 'column' ? score.column : -1)

/** All ranked rows in the board's order: sorted as a whole, with nothing of the board's own order. */
const rankedRows = (spec: BoardSpec, rows: readonly Image[]): readonly Image[] => {
  const scoreColumn = scoreColumnOf(spec)
  const positions = [scoreColumn, ...spec.table.key]
  const scoreSign = spec.direction === 'desc' ? -1 : 1
  const signs = [scoreSign, ...spec.table.key.map(() => (spec.ties === 'newest' ? -1 : 1))]
  const sortKey = (image: Image) =>
    positions.map((position) => {
      const column = spec.table.columns[position]
      return column === undefined ? '' : comparable(column, image[position] ?? '')
    })
  return rows
    .filter((image) => image[scoreColumn] !== null)
    .map((image) => ({ image, by: sortKey(image) }))
    .sort((a, b) => {
      const at = a.by.findIndex((value, i) => value !== b.by[i])
      return ((a.by[at] ?? '') < (b.by[at] ?? '') ? -1 : 1) * (signs[at] ?? 1)
    })
    .map(({ image }) => image)
}

/** The rows of the board's table, as the server had them. */
const imagesOf = ({ table }: BoardSpec, tables: RecordedScenario['tables']): Image[] =>
  (tables[table.table] ?? []).map((row) =>
    table.columns.map(({ name, type }) => {
      const value = row[name]
      if (value === undefined) throw new Error(`${table.id}: the recording has no ${name}`)
      if (value === null || type.kind !== 'decimal') return value
      return value.includes('E') ? String(Number(value)) : value.replace(/(\.\d*?)0+$/, '$1').replace(/\.$/, '')
    }),
  )

/** What the board has to be by what the server had: its rows' JSON. */
export const expectedRows = (spec: BoardSpec, tables: RecordedScenario['tables']): readonly string[] =>
  rankedRows(spec, imagesOf(spec, tables))
    .slice(0, spec.size)
    .map((image) => rowJson(spec, image, image[scoreColumnOf(spec)] ?? ''))

export class RecordedReplay {
  readonly notes: Note[] = []
  readonly #boards: readonly BoardSpec[]
  readonly #decode: Decode
  readonly #feed: Feed
  #server: RecordedScenario['tables'] = {}
  #now = 0
  readonly #ends: Map<string, number>
  #marks: string[] = []
  /** Canal is stuck: what is written no longer comes back. */
  stuck = false
  /** Answers are of the time of their question, but come only when time goes by, behind what is played meanwhile. */
  late = false
  readonly #answers: FeedInput[] = []

  constructor(boards: readonly BoardSpec[], partitions = 1) {
    this.#boards = boards
    this.#ends = new Map(Array.from({ length: partitions }, (_, partition) => [partitionId('recorded', partition), 0]))
    this.#decode = canalJson([...new Set(boards.map(({ table }) => table))])
    this.#feed = new Feed({ name: 'recorded', boards, partitions, marks: true, nonce: 'replay' })
  }

  /** What the server holds from now on. */
  serve(tables: RecordedScenario['tables']): void {
    this.#server = tables
  }

  /** The messages in windows of one, two, three … and one again. */
  play(messages: readonly RecordedMessage[]): void {
    for (let at = 0, size = 1; at < messages.length; at += size, size = (size % 40) + 1)
      this.#window(messages.slice(at, at + size))
  }

  tick(ms: number): void {
    this.#now += ms
    for (const answer of this.#answers.splice(0)) this.#step(answer)
    if (!this.stuck) for (const nonce of this.#marks.splice(0)) this.#deliver([{ kind: 'marker', nonce }], new Map())
    this.#step({ kind: 'tick' })
  }

  audit(): void {
    this.#step({ kind: 'audit' })
  }

  /** Time goes by until every board is exact and nothing is under way; fails after ten minutes of it. */
  settle(): void {
    for (let second = 0; second < 600; second++) {
      this.tick(1_000)
      const { boards } = this.#feed.snapshot()
      if (boards.every(({ status, current }) => current && status.state === 'exact') && this.#marks.every(isPulse))
        return
    }
    throw new Error(`not settled: ${this.states.join(', ')}`)
  }

  board(name: string): BoardSnapshot {
    const found = this.#feed.snapshot().boards.find(({ spec }) => spec.name === name)
    if (found === undefined) throw new Error(`no board ${name}`)
    return found
  }

  get states(): readonly string[] {
    return this.#feed.snapshot().boards.map(({ status }) => `${status.state} ${status.reason}`.trim())
  }

  /** By board: its rows, and those that it must have by what the server holds. */
  get compared(): readonly { readonly board: string; readonly rows: string[]; readonly expected: readonly string[] }[] {
    return this.#boards.map((spec) => ({
      board: spec.name,
      rows: (this.board(spec.name).content?.entries ?? []).map(({ row }) => row),
      expected: expectedRows(spec, this.#server),
    }))
  }

  #answer(input: FeedInput): void {
    if (this.late) this.#answers.push(input)
    else this.#step(input)
  }

  #read(spec: BoardSpec, limit: number): RefillRows {
    const best = rankedRows(spec, imagesOf(spec, this.#server)).slice(0, limit)
    const rows = best.map((image) => ({ key: memberOf(spec.table, image) ?? '', image }))
    return { rows, complete: rows.length < limit }
  }

  #window(messages: readonly RecordedMessage[]): void {
    const events: FeedEvent[] = []
    const maxEs = new Map<string, number>()
    for (const { partition, offset, value, timestamp } of messages) {
      const id = partitionId('recorded', partition)
      this.#ends.set(id, offset + 1)
      const decoded = this.#decode(new TextEncoder().encode(value))
      if (isLeft(decoded)) {
        const { refusal, tables } = decoded.left
        for (const table of tables ?? [undefined]) events.push({ kind: 'refused', table, refusal })
        continue
      }
      events.push(...decoded.right.events)
      maxEs.set(id, Math.max(maxEs.get(id) ?? 0, Math.min(decoded.right.es ?? 0, timestamp)))
      this.#now = Math.max(this.#now, timestamp)
    }
    this.#deliver(events, maxEs)
  }

  #deliver(events: readonly FeedEvent[], maxEs: ReadonlyMap<string, number>): void {
    const window = { ...foldNewest(events), positions: new Map(this.#ends), maxEs, messages: events.length }
    this.#step({ kind: 'window', window })
  }

  #step(input: FeedInput): void {
    const { effects, notes } = this.#feed.step(input, this.#now)
    this.notes.push(...notes)
    for (const effect of effects)
      if (effect.kind === 'mark') this.#marks.push(effect.nonce)
      else if (effect.kind === 'ends') this.#step({ kind: 'ends', barrier: effect.barrier, ends: new Map(this.#ends) })
      else if (effect.kind === 'read')
        this.#answer({ kind: 'rows', request: effect.request, rows: this.#read(effect.board, effect.limit) })
  }
}

/** Markers that are written each second: there is always one more. */
const isPulse = (nonce: string): boolean => nonce.includes(':pulse:')
