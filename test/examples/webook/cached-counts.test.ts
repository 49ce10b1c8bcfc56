import { describe, expect, test } from 'vitest'
import { CachedCounts } from '../../../examples/webook/cached-counts.js'
import type { Claim, CountsCache } from '../../../examples/webook/counts-cache.js'
import type { Counts, CountsSource } from '../../../examples/webook/item.js'
import { SharedReads } from '../../../examples/webook/shared-reads.js'
import { RanktideError } from '../../../src/core/errors.js'

const likes = (like_cnt: string): Counts => ({ read_cnt: '0', like_cnt, collect_cnt: '0' })

/** A table of one number for all items, which answers when told to. */
class SlowTable implements CountsSource {
  readonly asked: string[] = []
  likes = '1'
  #answers: (() => void)[] = []

  async read(_biz: string, ids: readonly string[]): Promise<ReadonlyMap<string, Counts>> {
    this.asked.push(ids.join())
    const read = likes(this.likes)
    await new Promise<void>((resolve) => this.#answers.push(resolve))
    return new Map(ids.map((id) => [id, read]))
  }

  answer(): void {
    for (const resolve of this.#answers.splice(0)) resolve()
  }
}

/** The rules of the scripts, without Redis. */
class FakeCache implements Pick<CountsCache, 'claim' | 'fill'> {
  readonly entries = new Map<string, Counts | string>()
  failure: RanktideError | undefined
  calls = 0

  async claim(_biz: string, ids: readonly string[], token: string): Promise<readonly Claim[]> {
    this.#call()
    return ids.map((id): Claim => {
      const entry = this.entries.get(id)
      if (typeof entry === 'object') return { kind: 'cached', counts: entry }
      if (entry !== undefined) return { kind: 'busy' }
      this.entries.set(id, token)
      return { kind: 'claimed', token }
    })
  }

  async fill(_biz: string, counts: ReadonlyMap<string, Counts>, token: string): Promise<void> {
    this.#call()
    for (const [id, one] of counts) if (this.entries.get(id) === token) this.entries.set(id, one)
  }

  #call(): void {
    this.calls++
    if (this.failure !== undefined) throw this.failure
  }
}

const made = (options: { patience?: number; now?: () => number } = {}) => {
  const table = new SlowTable()
  const cache = new FakeCache()
  const troubles: string[] = []
  const counts = new CachedCounts({ cache, table, onTrouble: ({ code }) => troubles.push(code), ...options })
  return { table, cache, troubles, counts }
}

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

describe('cached counts', () => {
  test('fill what is absent, with one query for all of it, and ask no more', async () => {
    const { table, cache, counts } = made()
    cache.entries.set('2', likes('7'))
    const first = counts.read('article', ['1', '2', '3'])
    await turn()
    table.answer()
    expect([...(await first)].map(([id, { like_cnt }]) => `${id}=${like_cnt}`).sort()).toEqual(['1=1', '2=7', '3=1'])
    await counts.read('article', ['1', '2', '3'])
    expect(table.asked).toEqual(['1,3'])
  })

  test('a crowd of processes asks once: who finds a claim waits for what it puts there', async () => {
    const one = made()
    const two = new CachedCounts({ cache: one.cache, table: one.table, onTrouble: () => {} })
    const crowd = [one.counts, two, two, two].map((counts) => counts.read('article', ['1']))
    await turn()
    one.table.answer()
    for (const found of await Promise.all(crowd)) expect(found.get('1')).toEqual(likes('1'))
    expect(one.table.asked).toEqual(['1'])
  })

  test('a claim whose owner died keeps nobody longer than the patience, and is not filled by another', async () => {
    const { table, cache, counts } = made({ patience: 30 })
    cache.entries.set('1', 'of a dead process')
    const reading = counts.read('article', ['1'])
    while (table.asked.length === 0) await turn()
    table.answer()
    expect((await reading).get('1')).toEqual(likes('1'))
    expect(cache.entries.get('1')).toBe('of a dead process')
  })

  test('what was read before a change is not kept after it', async () => {
    const { table, cache, counts } = made()
    const reading = counts.read('article', ['1'])
    await turn()
    // The change is committed and comes through the feed while the query is under way: the claim is withdrawn.
    table.likes = '2'
    cache.entries.delete('1')
    table.answer()
    expect((await reading).get('1')).toEqual(likes('1'))
    expect(cache.entries.has('1')).toBe(false)
    const next = counts.read('article', ['1'])
    await turn()
    table.answer()
    expect((await next).get('1')).toEqual(likes('2'))
  })

  test('without Redis the table answers; Redis is asked again after its rest', async () => {
    let now = 0
    const { table, cache, troubles, counts } = made({ now: () => now })
    cache.failure = new RanktideError('REDIS_UNREACHABLE', 'refused')
    const read = async () => {
      const reading = counts.read('article', ['1'])
      await turn()
      table.answer()
      return (await reading).get('1')
    }
    for (let i = 0; i < 3; i++) expect(await read()).toEqual(likes('1'))
    expect(cache.calls).toBe(1)
    expect(troubles).toEqual(['REDIS_UNREACHABLE'])
    cache.failure = undefined
    now = 1_001
    await read()
    expect(cache.entries.get('1')).toEqual(likes('1'))
  })

  test('what Redis refuses to keep is answered all the same', async () => {
    const { table, cache, troubles, counts } = made()
    const reading = counts.read('article', ['1'])
    await turn()
    cache.failure = new RanktideError('REDIS_FAILED', 'OOM')
    table.answer()
    expect((await reading).get('1')).toEqual(likes('1'))
    expect(troubles).toEqual(['REDIS_FAILED'])
  })

  test('a failure of the table is a failure', async () => {
    const table = { read: () => Promise.reject(new RanktideError('DATABASE_UNREACHABLE', 'refused')) }
    const counts = new CachedCounts({ cache: new FakeCache(), table, onTrouble: () => {} })
    await expect(counts.read('article', ['1'])).rejects.toThrow('refused')
  })
})

describe('shared reads', () => {
  test('ask once for an item at a time, in whatever company it is asked for', async () => {
    const table = new SlowTable()
    const shared = new SharedReads(table)
    const reads = [['1', '2'], ['2', '3'], ['1'], ['3']].map((ids) => shared.read('article', ids))
    await turn()
    table.answer()
    const found = await Promise.all(reads)
    expect(found.map((counts) => [...counts.keys()].join())).toEqual(['1,2', '2,3', '1', '3'])
    expect(table.asked).toEqual(['1,2', '3'])
  })

  test('the same id of another kind is another item; what is answered is not kept', async () => {
    const table = new SlowTable()
    const shared = new SharedReads(table)
    for (const biz of ['article', 'video', 'article']) {
      const reading = shared.read(biz, ['1'])
      await turn()
      table.answer()
      await reading
    }
    expect(table.asked).toEqual(['1', '1', '1'])
  })

  test('a failure reaches all who share it, and nobody after them', async () => {
    let fails = true
    const shared = new SharedReads({
      read: async () => {
        if (fails) throw new RanktideError('DATABASE_TIMEOUT', 'late')
        return new Map([['1', likes('5')]])
      },
    })
    const failed = await Promise.allSettled([shared.read('a', ['1']), shared.read('a', ['1'])])
    expect(failed.map(({ status }) => status)).toEqual(['rejected', 'rejected'])
    fails = false
    expect((await shared.read('a', ['1'])).get('1')).toEqual(likes('5'))
  })
})
