/** A board that lost members while nobody kept it: its meta is no reason to go on from it. */
import { expect, test } from 'vitest'
import { RedisBoardStore } from '../../src/redis/board-store.js'
import type { RedisClient } from '../../src/redis/client.js'

const takenWith = (zset: readonly string[], meta: Readonly<Record<string, string>>) => {
  const rows = zset.filter((_, i) => i % 2 === 0).flatMap((member) => [member, '{}'])
  const reply = ['9', '5', zset, rows, Object.entries(meta).flat()]
  const client = { call: (ask: (redis: unknown) => unknown) => ask({ ranktideTake: async () => reply }) }
  return new RedisBoardStore({ client: client as RedisClient, prefix: 'p', feed: 'f', owner: () => 'o' }).take('b')
}

const meta = { state: 'exact', reason: '', complete: '1', definition: 'd', positions: '{"t/0":7}', version: '5' }

test('fewer members than were published, and nothing fits them', async () => {
  const cut = await takenWith([], { ...meta, n: '2' })
  expect(cut.meta).toMatchObject({ definition: '', complete: false })
  expect((await takenWith(['1', '5'], { ...meta, n: '2' })).meta?.definition).toBe('')
})

test('as many as were published, or no word of how many, are gone on from', async () => {
  expect((await takenWith(['1', '5', '2', '4'], { ...meta, n: '2' })).meta).toMatchObject({
    definition: 'd',
    complete: true,
  })
  expect((await takenWith(['1', '5'], meta)).meta?.definition).toBe('d')
})
