import { expect, it } from 'vitest'
import type { Increment } from '../../../src/core/count-batch.js'
import { KnownItems } from '../../../src/databases/mysql/known-items.js'

const increments = (biz: string, first: number, count: number): readonly Increment[] =>
  Array.from({ length: count }, (_, i) => ({ biz, bizId: String(first + i), events: i + 1 }))

it('tells what it was told of from the rest, in the order of the batch', () => {
  const known = new KnownItems()
  known.add(increments('article', 1, 10))
  const batch = [...increments('article', 1, 12), ...increments('video', 1, 10)]
  expect(known.split(batch)).toEqual({
    known: new Map([['article', batch.slice(0, 10)]]),
    others: batch.slice(10),
  })
})

it('takes a few items of a kind for others', () => {
  const known = new KnownItems()
  const few = increments('article', 1, 7)
  known.add(few)
  expect(known.split(few)).toEqual({ known: new Map(), others: few })
})

it('remembers so many and no more', () => {
  const known = new KnownItems(10)
  const [first, second] = [increments('article', 1, 10), increments('article', 11, 8)]
  known.add(first)
  known.add(first.slice(0, 1))
  expect(known.split(first).others).toEqual([])
  known.add(second)
  expect(known.split(first).others).toEqual(first)
  expect(known.split(second).others).toEqual([])
})
