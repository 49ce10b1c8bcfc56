import { getOrElseW } from 'fp-ts/lib/Either.js'
import { describe, expect, test } from 'vitest'
import { parseOffsetSpec } from '../../src/core/offset-spec.js'
import type { Positions } from '../../src/core/positions.js'
import { EARLIEST, LATEST } from '../../src/sources/kafka-offsets.js'
import { type OffsetQuestions, resolveOffsets, resolveRange } from '../../src/sources/offset-range.js'

const spec = (text: string) =>
  getOrElseW((why: string) => {
    throw new Error(why)
  })(parseOffsetSpec(text))

const only = (all: Record<string, number>, ids: readonly string[]): Positions =>
  new Map(ids.map((id) => [id, all[id] ?? -1]))

/** Messages a minute apart from `first` on; the first one of all (offset 0) was written at 2026-11-21T00:00:00Z. */
const epoch = Date.UTC(2026, 10, 21)
const broker = (first: Record<string, number>, ends: Record<string, number>, done: Record<string, number> = {}) => {
  const questions: OffsetQuestions = {
    partitions: async () => Object.keys(ends),
    offsetsAt: async (ids, time) => {
      if (time === EARLIEST) return only(first, ids)
      if (time === LATEST) return only(ends, ids)
      return new Map(
        ids.map((id) => {
          const offset = Math.max(first[id] ?? 0, Math.ceil((time - epoch) / 60_000))
          return [id, offset < (ends[id] ?? 0) ? offset : -1]
        }),
      )
    },
    committed: async () => new Map(Object.entries(done)),
  }
  return questions
}

const likes = broker(
  { 'likes/0': 20, 'likes/1': 0 },
  { 'likes/0': 120, 'likes/1': 98 },
  { 'likes/0': 60, 'likes/1': 9 },
)
const resolve = (text: string, questions = likes, topics = ['likes']) =>
  resolveOffsets(spec(text), { topics, questions, name: '--to' })
const range = (from: string, to: string, questions = likes) =>
  resolveRange({ from: spec(from), to: spec(to), topics: ['likes'], questions })
const at = (...offsets: number[]) => new Map(offsets.map((offset, i) => [`likes/${i}`, offset]))

describe('one place', () => {
  test.each([
    ['beginning', at(20, 0)],
    ['end', at(120, 98)],
    ['committed', at(60, 9)],
    ['20', at(20, 20)],
    ['98', at(98, 98)],
    ['0:120,1:0', at(120, 0)],
    ['likes/1:7', new Map([['likes/1', 7]])],
    ['2026-11-21T08:30:00+08:00', at(30, 30)],
  ])('%s', async (text, positions) => {
    expect(await resolve(text)).toMatchObject({ positions, notes: [] })
  })

  test.each([
    [
      '2026-11-20T00:00:00Z',
      at(20, 0),
      'older than 2026-11-20T00:00:00Z: that is its beginning, 20, and what was before is deleted',
    ],
    ['2027-01-01T00:00:00Z', at(120, 98), 'as new as 2027-01-01T00:00:00Z: that is its end, 120'],
  ])('%s, with a note', async (text, positions, note) => {
    const found = await resolve(text)
    expect(found.positions).toEqual(positions)
    expect(found.notes).toHaveLength(2)
    expect(found.notes[0]).toContain(note)
  })

  test.each([
    [
      '19',
      /--to: likes\/0 no longer has 19: it has 20 to 120 .*deleted \(its retention has passed\); type beginning to begin at 20; there are likes\/0: 20 to 120 \(its end\), likes\/1: 0 to 98/,
    ],
    ['99', /--to: 99 is past the end of likes\/1, which has 0 to 98 \(its end\); type end/],
    ['1763683200000', /may be a time in milliseconds: type 2025-11-21T00:00:00Z/],
    ['2:5', /there is no partition likes\/2; there are likes\/0: 20 to 120 \(its end\), likes\/1/],
    ['like/0:5', /like is none of the topics here; did you mean likes\?; there are likes\/0/],
    ['0:5', /likes\/0 no longer has 5/],
    ['0:50,likes/0:51', /likes\/0 is named twice/],
  ])('%s is refused', async (text, sentence) => {
    await expect(resolve(text)).rejects.toMatchObject({
      code: 'OFFSET_INVALID',
      detail: expect.stringMatching(sentence),
    })
  })

  test('nothing committed', async () => {
    const questions = broker({ 'likes/0': 0, 'likes/1': 0 }, { 'likes/0': 5, 'likes/1': 6 }, { 'likes/0': 1 })
    await expect(resolve('committed', questions)).rejects.toThrow(
      /committed nothing for likes\/1; type beginning, end or an offset; there are likes\/1: 0 to 6/,
    )
  })

  test('an empty topic', async () => {
    const questions = broker({ 'likes/0': 7 }, { 'likes/0': 7 })
    await expect(resolve('3', questions)).rejects.toThrow('it has no messages (it begins and ends at 7)')
    expect(await resolve('2026-11-21T00:00:00Z', questions)).toMatchObject({
      positions: at(7),
      notes: [expect.stringContaining('likes/0 is empty')],
    })
  })

  test('a partition of several topics has to be named in full', async () => {
    const questions = broker({ 'a/0': 0, 'b/0': 0 }, { 'a/0': 5, 'b/0': 6 })
    await expect(resolve('0:3', questions, ['a', 'b'])).rejects.toThrow('of which topic? write a/0:… or b/0:…')
    expect((await resolve('b/0:3', questions, ['a', 'b'])).positions).toEqual(new Map([['b/0', 3]]))
  })
})

describe('a range', () => {
  test('from and to, and what is not named is not read', async () => {
    expect(await range('beginning', '0:30')).toMatchObject({
      from: new Map([['likes/0', 20]]),
      to: new Map([['likes/0', 30]]),
      notes: ['not read, since they are not named: likes/1'],
    })
    expect((await range('committed', 'end')).from).toEqual(at(60, 9))
  })

  test.each([
    [
      '0:100,1:50',
      '0:90,1:98',
      /--from: 100 is after --to 90 in likes\/0, which has 20 to 120 \(its end\); turn them round/,
    ],
    ['end', 'beginning', /120 is after --to 20/],
    [
      '2026-11-22T00:00:00Z',
      '2026-11-21T00:00:00Z',
      /--from: 2026-11-22T00:00:00Z is later than --to 2026-11-21T00:00:00Z/,
    ],
    ['0:30', '1:30', /name no partition that both have; there are likes\/0/],
    ['0:30', '0:500', /--to: 500 is past the end of likes\/0/],
  ])('%s to %s is refused', async (from, to, sentence) => {
    await expect(range(from, to)).rejects.toMatchObject({
      code: 'OFFSET_INVALID',
      detail: expect.stringMatching(sentence),
    })
  })

  test('an empty one says so', async () => {
    expect((await range('0:30,1:30', '0:30,1:30')).notes).toEqual([expect.stringContaining('nothing lies between')])
  })
})
