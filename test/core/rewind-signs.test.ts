import { describe, expect, test } from 'vitest'
import { RewindSigns } from '../../src/core/rewind-signs.js'

const minute = 60_000
const start = 1_700_000_000_000

/** `[batchId, es, record time]`, the times in seconds after the start; which of the messages are signs. */
const signsOf = (messages: readonly (readonly [number | undefined, number | undefined, number])[]): number[] => {
  const signs = new RewindSigns()
  return messages.flatMap(([batchId, es, at], i) =>
    signs.see('t/0', batchId, es === undefined ? undefined : start + es * 1000, start + at * 1000) ? [i] : [],
  )
}

describe('signs of a rewind', () => {
  test.each([
    [
      'numbers that rise',
      [
        [7, 0, 0],
        [7, 1, 1],
        [8, 2, 2],
      ],
      [],
    ],
    [
      'a number that drops, once',
      [
        [7, 0, 0],
        [1, 0, 5],
        [1, 1, 5],
        [2, 2, 6],
      ],
      [1],
    ],
    [
      'a commit time a little earlier: a statement that began before',
      [
        [7, 59, 60],
        [8, 1, 60],
      ],
      [],
    ],
    [
      'a commit time more than a minute earlier, at its first message',
      [
        [7, 100, 100],
        [8, 39, 101],
        [8, 39, 101],
      ],
      [1],
    ],
    [
      'up again, and back once more',
      [
        [7, 100, 100],
        [8, 1, 101],
        [8, 100, 102],
        [8, 2, 103],
      ],
      [1, 3],
    ],
    [
      'a producer that does not count',
      [
        [0, 0, 0],
        [0, 1, 1],
        [undefined, 2, 2],
      ],
      [],
    ],
    [
      'messages without a time',
      [
        [5, undefined, 0],
        [6, undefined, 1],
      ],
      [],
    ],
    [
      'two producers on one partition: ignored from the fourth drop in a minute on',
      [
        [100, 0, 0],
        [1, 1, 1],
        [101, 2, 2],
        [2, 3, 3],
        [102, 4, 4],
        [3, 5, 5],
        [103, 6, 6],
        [4, 7, 7],
        [104, 8, 8],
      ],
      [1, 3, 5],
    ],
    [
      'drops that are minutes apart',
      [
        [9, 0, 0],
        [1, 70, 70],
        [9, 80, 80],
        [1, 140, 140],
        [9, 150, 150],
        [1, 210, 210],
      ],
      [1, 3, 5],
    ],
  ] as const)('%s', (_name, messages, expected) => {
    expect(signsOf(messages)).toEqual(expected)
  })

  test('partitions have numbers of their own', () => {
    const signs = new RewindSigns()
    expect(signs.see('t/0', 9, start, start)).toBe(false)
    expect(signs.see('t/1', 1, start - 2 * minute, start)).toBe(false)
    expect(signs.see('t/0', 9, start, start)).toBe(false)
  })
})

describe('signs that numbers do not show', () => {
  test('a second restart after a single batch, by the older commit time of the same number', () => {
    const messages = [
      [7, 0, 0],
      [1, 5, 10],
      [1, 9, 10],
      [1, 5, 12],
      [1, 9, 12],
      [2, 8, 13],
      [2, 7, 13],
    ] as const
    expect(signsOf(messages)).toEqual([1, 3])
  })

  test('commit times that were seen before the start', () => {
    const signs = new RewindSigns(new Map([['t/0', start]]))
    expect(signs.see('t/0', 9, start - 30_000, start)).toBe(false)
    expect(signs.see('t/0', 9, start - 90_000, start)).toBe(true)
    expect(signs.see('t/1', 9, start - 90_000, start)).toBe(false)
  })

  test('several producers on one partition are told, until their numbers have been quiet for a minute', () => {
    const signs = new RewindSigns()
    for (let i = 0; i < 12; i++) signs.see('t/0', i % 2 === 0 ? 900 + i : 5 + i, undefined, start + i * 1_000)
    expect(signs.several).toBe(true)
    signs.see('t/0', 2_000, undefined, start + 2 * minute)
    expect(signs.several).toBe(false)
  })
})
