/** The bench's traffic: what a second process knows of the table is what the messages say. */
import { describe, expect, it } from 'vitest'
import { Traffic } from '../../scripts/bench/traffic.js'

interface Message {
  readonly type: 'INSERT' | 'UPDATE' | 'DELETE'
  readonly data: readonly [{ readonly id: string; readonly like_cnt: string }]
  readonly old: readonly [{ readonly like_cnt: string }] | null
}

const options = { seed: 7, keys: 3_000 }
const messages = 120_000

describe('Traffic', () => {
  const traffic = new Traffic(options)
  const table = new Map<number, number>()
  const kinds = { INSERT: 0, UPDATE: 0, DELETE: 0 }
  let fallen = 0
  for (let i = 0; i < messages; i++) {
    const { type, data, old } = JSON.parse(traffic.next()) as Message
    const id = Number(data[0].id)
    const score = Number(data[0].like_cnt)
    kinds[type] += 1
    if (type === 'INSERT' && table.has(id)) throw new Error(`message ${i} inserts a row that is there`)
    if (type === 'UPDATE' && Number(old?.[0].like_cnt) !== table.get(id))
      throw new Error(`message ${i} has a wrong old`)
    if (type === 'UPDATE' && score < (table.get(id) ?? 0)) fallen += 1
    if (type === 'DELETE') table.delete(id)
    else table.set(id, score)
  }
  const sorted = [...table].map(([id, score]) => ({ id, score })).sort((a, b) => b.score - a.score || b.id - a.id)

  it('tells of every kind of change', () => {
    expect(kinds.INSERT).toBeGreaterThan(2_000)
    expect(kinds.DELETE).toBeGreaterThan(400)
    expect(fallen).toBeGreaterThan(3_000)
  })

  it.each([1, 100, 5_000])('the best %i', (limit) => {
    expect(traffic.best(limit)).toEqual(sorted.slice(0, limit))
  })

  it('is the same table without the messages, however far it goes at once', () => {
    const other = new Traffic(options)
    for (const index of [1, 50_000, 97_003, messages]) other.advance(index)
    expect(other.best(5_000)).toEqual(sorted)
  })
})
