/** Memory tables under the suite of every store of batches, and what only they have: changes told, interruptions. */
import { firstValueFrom } from 'rxjs'
import { describe, expect, it } from 'vitest'
import type { CounterSpec } from '../../../src/core/counter-spec.js'
import { RanktideError } from '../../../src/core/errors.js'
import { MemoryCountStore } from '../../../src/databases/memory/count-store.js'
import { MemoryHistoryStore } from '../../../src/databases/memory/history-store.js'
import {
  type CountChange,
  MemoryTables,
  type MemoryTablesOptions,
  type Statement,
} from '../../../src/databases/memory/memory-tables.js'
import { MemoryReadHistory } from '../../../src/databases/memory/read-history.js'
import { batchStoreConformance } from '../../conformance/batch-store.js'
import type { BatchWorld } from '../../conformance/batch-world.js'
import { bucketed, countBatch, item, positions, spanOf } from '../../conformance/batch-world.js'

const ranges = { small_cnt: { least: -32_768n, most: 32_767n } }

const storeOn = (tables: MemoryTables, spec: Partial<Pick<CounterSpec, 'name' | 'add'>> = {}) =>
  new MemoryCountStore(tables, {
    name: 'reads',
    table: { schema: undefined, name: 'interactives' },
    add: new Map([['read_cnt', 1]]),
    ...spec,
  })

const openWorld = async (): Promise<BatchWorld> => {
  const tables = new MemoryTables({ ranges })
  return {
    sendsAhead: false,
    countStore: (spec) => storeOn(tables, spec),
    historyStore: () => new MemoryHistoryStore(tables),
    readHistory: () => new MemoryReadHistory(tables),
    rows: async () =>
      [...tables.counts('interactives').values()].map(({ biz, bizId, counts }) => ({
        biz,
        bizId,
        readCnt: counts.get('read_cnt') ?? 0n,
        smallCnt: counts.get('small_cnt') ?? 0n,
      })),
    buckets: async () => [...tables.buckets.values()],
    offsets: async (group) => new Map(tables.offsets(group)),
    reads: async () => tables.users.flatMap((uid) => [...tables.history(uid).values()]),
    hold: () => Promise.reject(new Error('memory tables have no locks')),
    close: async () => {},
  }
}

batchStoreConformance('memory', openWorld, { locks: false })

describe('memory tables', () => {
  const writing = async (options: MemoryTablesOptions) => {
    const tables = new MemoryTables(options)
    const store = storeOn(tables)
    const claim = await firstValueFrom(store.take('g', ['t/0'], positions({ 't/0': 0 })))
    return {
      tables,
      write: (from: number, batch: Parameters<typeof store.write>[2]) =>
        firstValueFrom(store.write(claim, spanOf({ 't/0': [from, from + 1] }), batch)),
    }
  }

  it('tell the rows that a transaction changed, once it is committed, with the ids that they keep', async () => {
    const told: CountChange[][] = []
    const { write } = await writing({ changed: (changes) => told.push([...changes]) })
    await write(0, countBatch([item('article', 7, 2), item('video', 1)]))
    await write(1, countBatch([item('article', 7)]))
    await write(1, countBatch([item('article', 7)]))
    const shown = told.map((changes) =>
      changes.map(({ table, before, after }) => [
        `${table} ${after.id} ${after.biz} ${after.bizId}`,
        before?.counts.get('read_cnt'),
        after.counts.get('read_cnt'),
      ]),
    )
    expect(shown).toEqual([
      [
        ['interactives 1 article 7', undefined, 2n],
        ['interactives 2 video 1', undefined, 1n],
      ],
      [['interactives 1 article 7', 2n, 3n]],
    ])
  })

  it.each<Statement>(['offsets', 'counts', 'buckets', 'commit'])(
    'are as before when a transaction is interrupted before %s, and nothing is told',
    async (at) => {
      let fails = false
      let told = 0
      const { tables, write } = await writing({
        changed: () => (told += 1),
        interrupt: (statement) => {
          if (fails && statement === at) throw new RanktideError('DATABASE_CONFLICT', 'simulated')
        },
      })
      await write(0, bucketed([item('article', 1)], 0))
      const look = () => [tables.counts('interactives'), tables.buckets, tables.offsets('g')].map((map) => [...map])
      const before = look()
      fails = true
      await expect(write(1, bucketed([item('article', 1), item('article', 2)], 0))).rejects.toThrow('simulated')
      expect(look()).toEqual(before)
      expect(told).toBe(1)
      fails = false
      expect(await write(1, bucketed([item('article', 2)], 0))).toEqual({ kind: 'written', repeated: false })
      expect(tables.counts('interactives').size).toBe(2)
    },
  )
})
