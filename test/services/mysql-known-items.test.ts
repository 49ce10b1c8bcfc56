// Items that a store has counted before, whose rows it updates without an upsert: on real servers, in every way in which
// what it knows may be wrong.
import { connect, createServer } from 'node:net'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { randomFrom } from '../../scripts/bench/zipf.js'
import type { Increment } from '../../src/core/count-batch.js'
import type { CounterSpec } from '../../src/core/counter-spec.js'
import { MysqlCountStore } from '../../src/databases/mysql/count-store.js'
import type { Claim, CountStore, WriteOutcome } from '../../src/operators/batch-store.js'
import {
  type BatchWorld,
  countBatch,
  expectWritten,
  item,
  positions,
  readCounts,
  retried,
  smallCounts,
  spanOf,
  summed,
} from '../conformance/batch-world.js'
import { seedOf } from '../support/loaded-replicas.js'
import { countedSpec, openMysqlWorld } from '../support/mysql-batch-world.js'
import { databaseNames, openSandbox, type Sandbox } from '../support/mysql-sandbox.js'

const group = 'counter.reads'
const items = (biz: string, count: number, first = 1n): readonly Increment[] =>
  Array.from({ length: count }, (_, i) => item(biz, String(first + BigInt(i)), (i % 5) + 1))

describe.each(databaseNames)('%s', (name) => {
  let sandbox: Sandbox
  let world: BatchWorld
  beforeEach(async () => {
    sandbox = await openSandbox(name, 'known')
    world = await openMysqlWorld(sandbox)
  })
  afterEach(async () => {
    await world.close()
    await sandbox.close()
  })

  /** Writes batch after batch of one partition, as a pipeline does. */
  const writerOf = async (store: CountStore, partition = 'reads/0') => {
    const claim: Claim = await retried(() => store.take(group, [partition], positions({ [partition]: 0 })))
    let offset = 0
    return async (increments: readonly Increment[]): Promise<WriteOutcome> => {
      const span = spanOf({ [partition]: [offset, offset + 1] })
      const outcome = await retried(() => store.write(claim, span, countBatch(increments)))
      if (outcome.kind === 'written') offset++
      return outcome
    }
  }
  const openWriter = (spec?: Partial<Pick<CounterSpec, 'add'>>) => writerOf(world.countStore(spec))

  test('use up no numbers of the table', async () => {
    const write = await openWriter()
    const known = items('article', 20)
    for (let round = 0; round < 30; round++) expectWritten(await write(known))
    expectWritten(await write([item('article', 1_000)]))
    const { rows } = await sandbox.query('SELECT id FROM counted WHERE biz_id = 1000')
    expect(rows).toEqual([['21']])
    expect(await readCounts(world)).toEqual(
      summed(...Array.from({ length: 30 }, () => known), [item('article', 1_000)]),
    )
  })

  test('have new rows where theirs were deleted', async () => {
    const write = await openWriter()
    const known = items('article', 20)
    expectWritten(await write(known))
    expectWritten(await write(known))
    await sandbox.run('DELETE FROM counted WHERE biz_id IN (3, 4, 20)')
    expectWritten(await write(known))
    expectWritten(await write(known))
    const left = known.filter(({ bizId }) => !['3', '4', '20'].includes(bizId))
    expect(await readCounts(world)).toEqual(summed(left, left, known, known))
    await sandbox.run('TRUNCATE TABLE counted')
    expectWritten(await write(known))
    expect(await readCounts(world)).toEqual(summed(known))
  })

  test('stand among new ones, and among those of other kinds', async () => {
    const write = await openWriter()
    const batches = [
      items('article', 12),
      [...items('article', 30, 5n), ...items('video', 9)],
      [...items('article', 40), ...items('video', 3, 8n), ...items('song', 2)],
      [...items('article', 9), ...items('song', 12), ...items('video', 20)],
    ]
    for (const batch of batches) expectWritten(await write(batch))
    expect(await readCounts(world)).toEqual(summed(...batches))
  })

  test('are exact to 2^64−1, whatever their kind is called', async () => {
    const write = await openWriter()
    const kinds = ['it\'s "so"', 'a\\b', '榜单😀', ' blank ', '%_', "');--"]
    const known = kinds.flatMap((kind) => items(kind, 10, 2n ** 64n - 10n))
    for (let round = 0; round < 3; round++) expectWritten(await write(known))
    expect(await readCounts(world)).toEqual(summed(known, known, known))
  })

  test.each(['utf8mb4_general_ci', 'latin1_swedish_ci', 'utf8mb4_bin'])(
    'of kinds that the collation %s takes for equal are one row',
    async (collation) => {
      const set = collation.split('_')[0]
      await sandbox.run(`ALTER TABLE counted MODIFY biz VARCHAR(64) CHARACTER SET ${set} COLLATE ${collation} NOT NULL`)
      const write = await openWriter()
      const known = [...items('Article', 10), ...items('article', 10)]
      for (let round = 0; round < 3; round++) expectWritten(await write(known))
      const { rows } = await sandbox.query('SELECT COUNT(*), SUM(read_cnt) FROM counted')
      const sum = known.reduce((total, { events }) => total + 3 * events, 0)
      expect(rows).toEqual([[collation.endsWith('_bin') ? '20' : '10', String(sum)]])
    },
  )

  test('are refused where their count has no room, and the others are written without them', async () => {
    const write = await openWriter({ add: new Map([['small_cnt', 1]]) })
    const known = items('article', 12)
    expectWritten(await write(known))
    const tooMuch = known.map((one) => (one.bizId === '7' ? { ...one, events: 32_766 } : one))
    const refused = await write(tooMuch)
    expect(refused).toMatchObject({ kind: 'refused', items: [{ index: 6 }] })
    expect(await smallCounts(world)).toEqual(summed(known))
    const others = known.filter(({ bizId }) => bizId !== '7')
    expectWritten(await write(others))
    expect(await smallCounts(world)).toEqual(summed(known, others))
  })

  test('add to several columns, also downwards, and to what is NULL', async () => {
    await sandbox.run('ALTER TABLE counted MODIFY read_cnt BIGINT NULL')
    const write = await openWriter({
      add: new Map([
        ['read_cnt', 1_000_000],
        ['small_cnt', -2],
      ]),
    })
    const known = items('article', 12)
    expectWritten(await write(known))
    await sandbox.run('UPDATE counted SET read_cnt = NULL WHERE biz_id = 5')
    expectWritten(await write(known))
    const expected = (round: number) => (one: Increment) => round * one.events
    const rows = new Map((await world.rows()).map((row) => [row.bizId, row]))
    for (const one of known) {
      const [two, rest] = [expected(2)(one), expected(one.bizId === '5' ? 1 : 2)(one)]
      expect(rows.get(one.bizId)).toMatchObject({ readCnt: BigInt(rest) * 1_000_000n, smallCnt: BigInt(two) * -2n })
    }
  })

  test('wait for no row but their own', async () => {
    const write = await openWriter()
    const [held, known] = [items('article', 2_000), items('article', 400, 2_001n)]
    expectWritten(await write([...held, ...known]))
    const row = await world.hold(item('article', 7))
    for (let round = 0; round < 3; round++) expectWritten(await write(known))
    await row.release()
    expect(await readCounts(world)).toEqual(summed(held, known, known, known, known))
  })

  test('are upserted where the key has another name by now', async () => {
    const write = await openWriter()
    const known = items('article', 12)
    expectWritten(await write(known))
    expectWritten(await write(known))
    await sandbox.run('ALTER TABLE counted ADD UNIQUE KEY other (biz_id, biz), DROP KEY item')
    expectWritten(await write(known))
    expect(await readCounts(world)).toEqual(summed(known, known, known))
  })

  test('of several workers, who know different ones, end with exact sums', async () => {
    const random = randomFrom(seedOf(`known items, ${name}`))
    const batches: (readonly Increment[])[] = []
    const work = async (partition: string): Promise<void> => {
      const write = await writerOf(world.countStore(), partition)
      for (let round = 0; round < 40; round++) {
        const chosen = [...items('article', 60), ...items('video', 20)].filter(() => random() < 0.5)
        batches.push(chosen)
        expectWritten(await write(chosen))
      }
    }
    await Promise.all(['reads/0', 'reads/1', 'reads/2', 'reads/3'].map(work))
    expect(await readCounts(world)).toEqual(summed(...batches))
  })

  test('are upserted by a server without JSON_TABLE', async () => {
    const target = new URL(sandbox.url)
    let asked = 0
    const proxy = createServer((client) => {
      const server = connect(Number(target.port), target.hostname)
      for (const socket of [client, server]) socket.on('error', () => {})
      client.on('data', (data) => {
        const at = data.indexOf('JSON_TABLE(')
        // A word that no server knows, of the same length, is the same error of syntax.
        if (at >= 0) asked += data.write('JSON_TABLX(', at) > 0 ? 1 : 0
        server.write(data)
      })
      server.on('data', (data) => client.write(data))
      client.on('close', () => server.destroy())
      server.on('close', () => client.destroy())
    })
    await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', resolve))
    const address = proxy.address()
    if (address === null || typeof address === 'string') throw new Error('no port')
    const url = Object.assign(new URL(sandbox.url), { port: String(address.port) }).href
    const store = new MysqlCountStore({ url, timeoutMs: 5_000, spec: countedSpec })
    try {
      const write = await writerOf(store)
      const known = items('article', 12)
      for (let round = 0; round < 4; round++) expectWritten(await write(known))
      expect(await readCounts(world)).toEqual(summed(known, known, known, known))
      expect(asked).toBe(1)
    } finally {
      await store.close()
      proxy.close()
    }
  })
})
