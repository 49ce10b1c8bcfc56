import { describe, expect, test } from 'vitest'
import { counterIn } from '../../src/demo/board-client.js'
import { countsSince, drawScene, type Scene } from '../../src/demo/board-screen.js'
import { Ranks } from '../../src/demo/ranks.js'
import { ScreenOutput } from '../../src/demo/screen-output.js'
import { nextChange } from '../../src/demo/traffic.js'

describe('movement on the board', () => {
  test('is told for three seconds, and then forgotten', () => {
    const ranks = new Ranks()
    ranks.add(0, [1, 2, 3])
    ranks.add(1_000, [2, 1, 4])
    expect([1, 2, 4].map((id) => ranks.movementOf(id))).toEqual([{ by: -1 }, { by: 1 }, 'new'])
    ranks.add(4_000, [2, 1, 4])
    expect([1, 2, 4].map((id) => ranks.movementOf(id))).toEqual(['same', 'same', 'same'])
  })
})

describe('a scene', () => {
  const scene: Scene = {
    title: 'title',
    url: 'http://127.0.0.1:1/boards/likes',
    board: {
      articles: [
        { id: 78, biz: 'et', like_cnt: 450 },
        { id: 58, biz: 'wq3', like_cnt: 290 },
      ],
      data: '[]',
      state: 'stale',
      reason: 'catching up',
      age: '1.234',
      version: '17',
    },
    movementOf: (id) => (id === 78 ? { by: 2 } : 'new'),
    seconds: 10,
    changes: 300,
    unit: 'SQL statements',
    counts: { messages: 310, publishes: 20, refills: 1 },
    latest: ['+1 likes for article 78'],
  }

  test('shows the board with what moved, its state, and the traffic', () => {
    expect(drawScene(scene)).toEqual([
      'title',
      'http://127.0.0.1:1/boards/likes',
      'state stale (catching up)   age 1.2 s   version 17',
      '',
      'rank     id  biz      likes',
      '   1     78  et       450  ▲ 2',
      '   2     58  wq3      290  new',
      '',
      '10 s of traffic: 300 SQL statements (30/s), 310 messages read,',
      '20 publishes to Redis, 1 refills from the table',
      '  +1 likes for article 78',
    ])
  })

  test('says so when nothing could be read', () => {
    expect(drawScene({ ...scene, board: undefined })[2]).toBe('no answer')
  })

  test('takes the place of the last one on a terminal, and no line wraps', () => {
    let written = ''
    const output = {
      columns: 20,
      write: (text: string | Uint8Array) => {
        written += text
        return true
      },
    }
    const screen = new ScreenOutput(output, true)
    screen.draw(['a', 'x'.repeat(30)])
    screen.draw(['b'])
    expect(written).toBe(`a\n${'x'.repeat(20)}\n\x1b[2A\r\x1b[0Jb\n`)
    written = ''
    new ScreenOutput(output, false).draw(['x'.repeat(30)])
    expect(written).toBe(`\n${'x'.repeat(30)}\n`)
  })
})

test('what was counted before the traffic is not shown as a part of it', () => {
  const before = { messages: 2010, publishes: 1, refills: 0 }
  expect(countsSince(before, { messages: 2110, publishes: 21, refills: 1 })).toEqual({
    messages: 100,
    publishes: 20,
    refills: 1,
  })
})

test('a counter is the sum of its series, and of no other counter', () => {
  const metrics = '# HELP a_total x\na_total{board="one"} 2\na_total{board="two"} 3\na_total_other 7\n'
  expect(counterIn(metrics, 'a_total')).toBe(5)
})

describe('traffic', () => {
  /** Plays numbers again and again. */
  const chanceOf = (...numbers: readonly number[]) => {
    let next = 0
    return () => numbers[next++ % numbers.length] ?? 0
  }

  test('never takes more likes than an article has', () => {
    const articles = new Map([[1, 3]])
    expect(nextChange(articles, chanceOf(0.2, 0.5, 0.5, 0.99))).toEqual({ kind: 'unlike', id: 1, likes: -3 })
  })

  test('publishes when there is nothing to like', () => {
    expect(nextChange(new Map(), chanceOf(0.9)).kind).toBe('publish')
  })

  test('is of every kind', () => {
    const articles = new Map(Array.from({ length: 50 }, (_, i) => [i, 10]))
    let x = 1
    const chance = () => {
      x = (x * 48_271) % 2_147_483_647
      return x / 2_147_483_647
    }
    const kinds = new Set(Array.from({ length: 500 }, () => nextChange(articles, chance).kind))
    expect([...kinds].sort()).toEqual(['delete', 'like', 'publish', 'unlike'])
  })
})
