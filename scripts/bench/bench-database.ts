/** What the worker asks of its database, answered by the table process: rows of a position of the stream. */
import { type ChildProcess, fork } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import type { BoardSpec } from '../../src/core/board-spec.js'
import { RanktideError } from '../../src/core/errors.js'
import { partitionId } from '../../src/core/positions.js'
import type { ColumnType, Image, TableShape } from '../../src/core/table.js'
import type { Base, RefillQuery, RefillRows } from '../../src/operators/ports.js'
import type { BoardConfig } from '../../src/runtime/config.js'
import type { FeedDatabase } from '../../src/worker/worker-parts.js'
import type { TableAnswer, TableRequest } from './table-process.js'
import type { TrafficOptions } from './traffic.js'

const unsigned: ColumnType = { kind: 'integer', unsigned: true }
const integer: ColumnType = { kind: 'integer', unsigned: false }
const text: ColumnType = { kind: 'text', binary: false, faithful: true }

const interactives: TableShape = {
  id: 'webook.interactives(id)',
  database: 'webook',
  table: 'interactives',
  columns: [
    { name: 'id', type: unsigned },
    { name: 'like_cnt', type: integer },
    { name: 'biz_id', type: integer },
    { name: 'biz', type: text },
    { name: 'read_cnt', type: integer },
  ],
  key: [0],
  primaryKey: ['id'],
}

/** A row as the traffic writes it, of which the process tells only what varies. */
const imageOf = ({ id, score }: TableAnswer['rows'][number]): Image => [
  String(id),
  String(score),
  String(id % 100_000),
  'article',
  '0',
]

export class BenchDatabase implements FeedDatabase {
  readonly usesMarkers = false
  /** How far the worker has read: the table is asked as of there. */
  offset = 0
  reads = 0
  readonly #topic: string
  readonly #process: ChildProcess
  readonly #waiting = new Map<number, (answer: TableAnswer) => void>()

  constructor(topic: string, traffic: TrafficOptions) {
    this.#topic = topic
    // Without its own profile where the worker is profiled.
    this.#process = fork(fileURLToPath(new URL('table-process.js', import.meta.url)), { execArgv: [] })
    this.#process.on('message', (answer: TableAnswer) => {
      this.#waiting.get(answer.request)?.(answer)
      this.#waiting.delete(answer.request)
    })
    this.#send({ kind: 'open', traffic })
  }

  async resolve(boards: readonly BoardConfig[]): Promise<readonly BoardSpec[]> {
    return boards.map(({ name, order: direction, ties, size }) => ({
      name,
      table: interactives,
      direction,
      ties,
      size,
      display: [0, 2, 3, 4, 1],
      score: { kind: 'column', column: 1 },
      where: undefined,
    }))
  }

  async preflight(): Promise<readonly []> {
    return []
  }

  markerTable(): { readonly database: string; readonly table: string } {
    return { database: 'webook', table: 'ranktide_marker' }
  }

  async marker(): Promise<undefined> {
    return undefined
  }

  base(): Base {
    const never = (): Promise<never> => Promise.reject(new RanktideError('UNEXPECTED', 'the bench does not ask for it'))
    return { marks: false, read: (query) => this.#read(query), mark: never, readGroups: never }
  }

  async close(): Promise<void> {
    this.#process.kill()
  }

  async #read({ limit }: RefillQuery): Promise<RefillRows> {
    this.reads += 1
    const request = this.reads
    const answer = await new Promise<TableAnswer>((resolve) => {
      this.#waiting.set(request, resolve)
      this.#send({ kind: 'read', request, offset: this.offset, limit })
    })
    const rows = answer.rows.map((row) => ({ key: String(row.id), image: imageOf(row) }))
    return { rows, complete: rows.length < limit, at: new Map([[partitionId(this.#topic, 0), answer.offset]]) }
  }

  #send(request: TableRequest): void {
    this.#process.send(request)
  }
}
