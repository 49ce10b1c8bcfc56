/**
 * A table, its binary log, a Canal that lags, re-sends and rewinds, and topics of one to three partitions: everything
 * upstream of a feed, in memory and in virtual time. What it commits is the truth; what it delivers is what a feed sees.
 */
import type { Control, DecodedEvent, RowChange } from '../../src/core/change.js'
import type { Positions } from '../../src/core/positions.js'
import { partitionId } from '../../src/core/positions.js'
import type { ReadRow } from '../../src/core/refill.js'
import type { Image, TableShape } from '../../src/core/table.js'

export const table: TableShape = {
  id: 'shop.items(id)',
  database: 'shop',
  table: 'items',
  columns: [
    { name: 'id', type: { kind: 'integer', unsigned: true } },
    { name: 'likes', type: { kind: 'integer', unsigned: false } },
    { name: 'reads', type: { kind: 'decimal' } },
    { name: 'kind', type: { kind: 'text', binary: true, faithful: true } },
  ],
  key: [0],
  primaryKey: ['id'],
}

export type Rows = Map<string, Image>

type Entry =
  | { readonly kind: 'rows'; readonly moved: boolean; readonly changes: readonly Change[]; readonly refused: boolean }
  | { readonly kind: 'truncate' }
  | { readonly kind: 'marker'; readonly nonce: string }

interface Change {
  readonly key: string
  readonly after: Image | null
  readonly before: Image | null
  readonly es: number
}

/** A record of a partition: the log entry it came from, and when it was appended, counted over all partitions. */
interface Record {
  readonly index: number
  readonly time: number
  /** The number of Canal's batch. */
  readonly batchId: number
}

export const topic = 'shop.items'

export class SimulatedWorld {
  readonly partitions: number
  readonly rows: Rows = new Map()
  readonly #log: Entry[] = []
  readonly #records: Record[][]
  /** Canal's cursor in the log. */
  #sent = 0
  #time = 0
  #batchId = 1_000_000
  #restarted = false
  /** The newest commit time of the batch that was sent last. */
  #batchEs = 0
  /** Canal went back and nothing of what it sent next could show it. */
  hidRewind = false
  #sentPartly = false

  /** When each entry of the log was committed, by `clock`. */
  readonly #committedAt: number[] = []
  readonly #clock: () => number

  constructor(partitions: number, clock: () => number = () => 0) {
    this.partitions = partitions
    this.#clock = clock
    this.#records = Array.from({ length: partitions }, () => [])
  }

  /** Writes a row (null deletes it), as one transaction. `refused`: its message will not be readable. */
  write(key: string, image: Image | null, es: number, refused = false): void {
    const before = this.rows.get(key) ?? null
    if (image === null && before === null) return
    this.#set(key, image)
    this.#commit({ kind: 'rows', moved: false, changes: [{ key, after: image, before, es }], refused })
  }

  /** Changes a row's key. */
  move(from: string, to: string, es: number): void {
    const image = this.rows.get(from)
    if (image === undefined || this.rows.has(to)) return
    const moved = [to, ...image.slice(1)]
    this.#set(from, null)
    this.#set(to, moved)
    const changes = [
      { key: from, after: null, before: image, es },
      { key: to, after: moved, before: null, es },
    ]
    this.#commit({ kind: 'rows', moved: true, changes, refused: false })
  }

  truncate(): void {
    this.rows.clear()
    this.#commit({ kind: 'truncate' })
  }

  mark(nonce: string): void {
    this.#commit({ kind: 'marker', nonce })
  }

  /** Canal sends up to `count` entries of the log. False: there was nothing to send. */
  send(count: number): boolean {
    const until = Math.min(this.#log.length, this.#sent + count)
    if (until === this.#sent) return false
    this.#beginBatch()
    for (let index = this.#sent; index < until; index++) this.#append(index)
    this.#sent = until
    return true
  }

  /** Canal starts again `count` entries back: what it sends next it has sent before. */
  rewind(count: number): void {
    this.#restarted = true
    this.#sent = Math.max(0, this.#sent - count)
  }

  /** A batch whose send failed half way: some of the next entries arrive now, all of them again later. */
  sendPartly(count: number, skip: number): void {
    this.#sentPartly = true
    this.#beginBatch()
    const until = Math.min(this.#log.length, this.#sent + count)
    for (let index = this.#sent; index < until; index++) if ((index - this.#sent) % 3 !== skip % 3) this.#append(index)
  }

  /** Numbers begin at 1 after each restart, so a second one after a single batch shows by older commit times only. */
  #beginBatch(): void {
    if (this.#restarted) {
      const es = this.#esOf(this.#sent)
      if (this.#batchId === 1 && !(es > 0 && es < this.#batchEs)) this.hidRewind = true
      this.#batchId = 0
    }
    this.#restarted = false
    this.#batchId += 1
    this.#batchEs = 0
  }

  #esOf(index: number): number {
    const entry = this.#log[index]
    return entry?.kind === 'rows' ? (entry.changes[0]?.es ?? 0) : 0
  }

  /** Where a start `records` before now begins on every partition: what `offsetsForTimes` answers. */
  before(records: number): Positions {
    const since = this.#time - records
    return new Map(
      this.#records.map((list, partition) => {
        const first = list.findIndex(({ time }) => time > since)
        return [partitionId(topic, partition), first < 0 ? list.length : first]
      }),
    )
  }

  ends(): Positions {
    return new Map(this.#records.map((records, partition) => [partitionId(topic, partition), records.length]))
  }

  /** The events of one record. */
  eventsAt(
    partition: number,
    offset: number,
  ): { readonly events: readonly DecodedEvent[]; readonly es: number; readonly batchId: number } | undefined {
    const record = this.#records[partition]?.[offset]
    const entry = record === undefined ? undefined : this.#log[record.index]
    if (record === undefined || entry === undefined) return undefined
    const es = entry.kind === 'rows' ? (entry.changes[0]?.es ?? 0) : 0
    return { events: eventsOf(entry), es, batchId: record.batchId }
  }

  /** What a replay of the topics up to `positions` has to know beside the rows. */
  rangeTo(positions: Positions): { readonly refused: boolean; readonly newest: ReadonlyMap<string, number> } {
    let refused = false
    const newest = new Map<string, number>()
    for (const [partition, records] of this.#records.entries()) {
      const id = partitionId(topic, partition)
      for (const { index } of records.slice(0, positions.get(id) ?? 0)) {
        const entry = this.#log[index]
        if (entry?.kind === 'rows' && entry.refused) refused = true
        const es = this.#esOf(index)
        if (es > 0) newest.set(id, Math.max(es, newest.get(id) ?? 0))
      }
    }
    return { refused, newest }
  }

  /** The table as the topics tell it up to `positions`: each partition folded in its own order. */
  foldedTo(positions: Positions): Rows {
    const rows: Rows = new Map()
    for (const [partition, records] of this.#records.entries())
      for (const { index } of records.slice(0, positions.get(partitionId(topic, partition)) ?? 0))
        this.#fold(rows, index)
    return rows
  }

  /** The same, in the order of the log: what partitions that overtake each other have to come to. */
  committedTo(positions: Positions): Rows {
    const indexes = new Set<number>()
    for (const [partition, records] of this.#records.entries())
      for (const { index } of records.slice(0, positions.get(partitionId(topic, partition)) ?? 0)) indexes.add(index)
    const rows: Rows = new Map()
    for (const index of [...indexes].sort((a, b) => a - b)) this.#fold(rows, index)
    return rows
  }

  /**
   * Whether everything that was committed before `time` is in what the topics hold up to `positions`. Not asked once a
   * batch was sent in part: of that neither rows nor times are true until it is sent again.
   */
  holds(time: number, positions: Positions): boolean {
    if (this.#sentPartly) return true
    const there = new Set<number>()
    for (const [partition, records] of this.#records.entries())
      for (const { index } of records.slice(0, positions.get(partitionId(topic, partition)) ?? 0)) there.add(index)
    return this.#committedAt.every((at, index) => at >= time || there.has(index))
  }

  snapshot(): ReadRow[] {
    return [...this.rows].map(([key, image]) => ({ key, image }))
  }

  #commit(entry: Entry): void {
    this.#log.push(entry)
    this.#committedAt.push(this.#clock())
  }

  #append(index: number): void {
    this.#time += 1
    this.#batchEs = Math.max(this.#batchEs, this.#esOf(index))
    this.#records[this.#partitionOf(index)]?.push({ index, time: this.#time, batchId: this.#batchId })
  }

  #fold(rows: Rows, index: number): void {
    const entry = this.#log[index]
    if (entry?.kind === 'truncate') rows.clear()
    if (entry?.kind !== 'rows') return
    for (const { key, after } of entry.changes)
      if (after === null) rows.delete(key)
      else rows.set(key, after)
  }

  #set(key: string, image: Image | null): void {
    if (image === null) this.rows.delete(key)
    else this.rows.set(key, image)
  }

  /** Rows by their key (a moved row by its new one), TRUNCATE on partition 0, markers on the last. */
  #partitionOf(index: number): number {
    const entry = this.#log[index]
    if (entry?.kind === 'marker') return this.partitions - 1
    if (entry?.kind !== 'rows') return 0
    return Number(entry.changes.at(-1)?.key ?? 0) % this.partitions
  }
}

const eventsOf = (entry: Entry): DecodedEvent[] => {
  if (entry.kind === 'marker') return [{ kind: 'marker', nonce: entry.nonce }]
  if (entry.kind === 'truncate') return [{ kind: 'truncate', table, dropped: false }]
  if (entry.refused) return [{ kind: 'refused', table, refusal: { code: 'ROW_IMAGE', detail: 'simulated' } }]
  const rows = entry.changes.map(
    ({ key, after, before, es }): RowChange => ({ kind: 'row', table, key, after, before: before ?? undefined, es }),
  )
  const keyChange: Control[] = entry.moved ? [{ kind: 'key-change', table }] : []
  return [...keyChange, ...rows]
}
