/** The base that is made of the stream: as good as SQL, and honest about what the stream does not tell. */
import { describe, expect, test } from 'vitest'
import type { BoardSpec } from '../../../src/core/board-spec.js'
import { MemoryBase } from '../../../src/databases/memory/memory-base.js'
import type { WholeStream } from '../../../src/databases/memory/stream-reading.js'
import { type CanalChange, canalMessage } from '../../../src/demo/canal-messages.js'
import { canalJson } from '../../../src/formats/canal-json.js'
import { MemoryTopic } from '../../../src/sources/memory-topic.js'
import { type BaseRow, baseConformance, type WritableBase } from '../../conformance/base.js'
import { bigint, decimal, tableShape, varchar } from '../../support/table-shapes.js'

const shape = tableShape('shop.t', { id: bigint, n: decimal, biz: varchar }, ['id'])
const table = {
  database: 'shop',
  table: 't',
  columns: { id: 'bigint', n: 'decimal(12,2)', biz: 'varchar(40)' },
  key: ['id'],
}
const topicName = 'shop.t'

const canalRow = ({ id, n, biz }: BaseRow) => ({ id: String(id), n, biz })

/** Writes the table's changes to a topic, as Canal would. */
class StreamedTable implements WritableBase {
  readonly shape = shape
  readonly topic = new MemoryTopic(topicName)
  readonly base = new MemoryBase({ stream: this.topic.open('base'), decode: canalJson([shape]), tables: [shape] })
  readonly #rows = new Map<number, BaseRow>()
  #id = 0

  async put(row: BaseRow): Promise<void> {
    const before = this.#rows.get(row.id)
    this.#rows.set(row.id, row)
    if (before === undefined) this.send({ type: 'INSERT', row: canalRow(row) })
    else this.send({ type: 'UPDATE', row: canalRow(row), before: canalRow(before) })
  }

  async move(from: number, to: number): Promise<void> {
    const before = this.#rows.get(from)
    if (before === undefined) return
    this.#rows.delete(from)
    this.#rows.set(to, { ...before, id: to })
    this.send({ type: 'UPDATE', row: canalRow({ ...before, id: to }), before: canalRow(before) })
  }

  async remove(id: number): Promise<void> {
    const row = this.#rows.get(id)
    this.#rows.delete(id)
    if (row !== undefined) this.send({ type: 'DELETE', row: canalRow(row) })
  }

  async truncate(): Promise<void> {
    this.#rows.clear()
    this.send({ type: 'TRUNCATE' })
  }

  send(change: CanalChange): void {
    this.#id += 1
    this.topic.append(canalMessage(table, change, this.#id, Date.now()), Date.now())
  }

  async close(): Promise<void> {
    await this.base.close()
  }
}

baseConformance('rows of the stream in memory', async () => new StreamedTable())

const board: BoardSpec = {
  name: 'likes',
  table: shape,
  direction: 'desc',
  ties: 'newest',
  size: 10,
  display: [0, 1, 2],
  score: { kind: 'column', column: 1 },
  where: undefined,
}

const read = ({ base }: { base: MemoryBase }) => base.read({ board, limit: 5 })
const row = (id: number): BaseRow => ({ id, n: String(id), biz: 'post' })

describe('a base made of the stream', () => {
  test('says of which position its rows are, which is not before the question', async () => {
    const streamed = new StreamedTable()
    for (const id of [1, 2, 3]) await streamed.put(row(id))
    expect((await read(streamed)).at).toEqual(new Map([['shop.t/0', 3]]))
    await streamed.put(row(4))
    expect((await read(streamed)).at).toEqual(new Map([['shop.t/0', 4]]))
  })

  test('can write no marker', async () => {
    const { base } = new StreamedTable()
    expect(base.marks).toBe(false)
    await expect(base.mark()).rejects.toMatchObject({ code: 'DATABASE_DENIED' })
  })

  test('answers no question while a message is unread that may concern the table, until a TRUNCATE', async () => {
    const streamed = new StreamedTable()
    await streamed.put(row(1))
    streamed.topic.append(Buffer.from('{'), Date.now())
    await expect(read(streamed)).rejects.toMatchObject({ code: 'STREAM_INCOMPLETE' })
    await streamed.truncate()
    await streamed.put(row(2))
    expect((await read(streamed)).rows.map(({ key }) => key)).toEqual(['2'])
  })

  test('answers no question about a table whose rows were swapped for those of another one', async () => {
    const streamed = new StreamedTable()
    await streamed.put(row(1))
    const sql = 'RENAME TABLE t TO _t_del, _t_gho TO t'
    const ddl = { database: 'shop', table: 't', es: 1, ts: 2, id: 9, isDdl: true, type: 'RENAME', sql }
    streamed.topic.append(Buffer.from(JSON.stringify({ ...ddl, data: null, old: null })), Date.now())
    await expect(read(streamed)).rejects.toMatchObject({ code: 'STREAM_INCOMPLETE' })
  })

  /** A topic whose first messages are gone. */
  const cutAt = (topic: MemoryTopic, first: number): WholeStream => ({
    batches: (start) => topic.batches(start),
    ends: async () => topic.ends(),
    beginnings: async () => new Map([['shop.t/0', first]]),
  })
  const baseOn = (stream: WholeStream) => new MemoryBase({ stream, decode: canalJson([shape]), tables: [shape] })

  test('says since when it knows the stream if the first messages are gone, until a TRUNCATE', async () => {
    const streamed = new StreamedTable()
    for (const id of [1, 2]) await streamed.put(row(id))
    const at = Date.UTC(2026, 10, 21, 12)
    const last = canalMessage(table, { type: 'INSERT', row: canalRow(row(3)) }, 3, at)
    const base = baseOn(cutAt(streamed.topic, 2))
    const empty = await base.read({ board, limit: 5 })
    expect(empty).toMatchObject({ rows: [], doubt: 'stream only since offset 2 of shop.t/0' })
    streamed.topic.append(last, at)
    expect(await base.read({ board, limit: 5 })).toMatchObject({ doubt: 'stream only since 2026-11-21T12:00:00.000Z' })
    await streamed.truncate()
    expect(await base.read({ board, limit: 5 })).not.toHaveProperty('doubt')
  })

  test('has no doubt about a stream that is whole', async () => {
    const streamed = new StreamedTable()
    await streamed.put(row(1))
    expect(await read(streamed)).not.toHaveProperty('doubt')
  })

  test('a stream that has failed is read anew, from its beginning, by the next question', async () => {
    const streamed = new StreamedTable()
    for (const id of [1, 2, 3]) await streamed.put(row(id))
    let failing = true
    const whole = streamed.topic.open('base')
    const base = baseOn({
      batches: (start) => whole.batches(failing ? new Map([['shop.t/0', 99]]) : start),
      ends: () => whole.ends(),
      beginnings: () => whole.beginnings(),
    })
    await expect(base.read({ board, limit: 5 })).rejects.toMatchObject({ code: 'OFFSETS_GONE' })
    failing = false
    expect((await base.read({ board, limit: 5 })).rows).toHaveLength(3)
  })

  test('closing ends a question that waits', async () => {
    const streamed = new StreamedTable()
    const whole = streamed.topic.open('base')
    const base = baseOn({
      batches: (start) => whole.batches(start),
      ends: async () => new Map([['shop.t/0', 5]]),
      beginnings: () => whole.beginnings(),
    })
    const question = base.read({ board, limit: 5 })
    setTimeout(() => void base.close(), 10)
    await expect(question).rejects.toMatchObject({ code: 'KAFKA_FAILED' })
  })
})
