import { describe, expect, test } from 'vitest'
import { type BoardAnswer, counterIn } from '../../src/demo/board-client.js'
import { countsSince, drawScene, type Panel, type Scene } from '../../src/demo/board-screen.js'
import { Ranks } from '../../src/demo/ranks.js'
import { ReadSimulator } from '../../src/demo/read-simulator.js'
import { Attention } from '../../src/demo/read-traffic.js'
import { ScreenOutput } from '../../src/demo/screen-output.js'
import { nextChange } from '../../src/demo/traffic.js'
import { MemoryLog } from '../../src/sources/memory-log.js'
import { until } from '../support/until.js'

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
  const board: BoardAnswer = {
    articles: [
      { id: 78, biz: 'et', like_cnt: 450, read_cnt: 31 },
      { id: 58, biz: 'wq3', like_cnt: 290, read_cnt: 7 },
    ],
    data: '[]',
    state: 'stale',
    reason: 'catching up',
    age: '1.234',
    version: '17',
  }
  const likes: Panel = {
    counted: 'likes',
    column: 'like_cnt',
    url: 'http://127.0.0.1:1/boards/likes',
    board,
    movementOf: (id) => (id === 78 ? { by: 2 } : 'new'),
  }
  const reads: Panel = {
    ...likes,
    counted: 'reads',
    column: 'read_cnt',
    url: 'http://127.0.0.1:1/boards/reads',
    movementOf: () => ({ by: -1 }),
  }
  const scene: Scene = {
    title: 'title',
    panels: [likes, reads],
    seconds: 10,
    changes: 300,
    reads: 2_000,
    unit: 'SQL statements',
    counts: { messages: 310, publishes: 20, refills: 1, counted: 1_990, transactions: 50 },
    latest: ['+1 likes for article 78', 'b', 'c', 'd'],
  }

  test('shows both boards with what moved, their states, and the traffic', () => {
    expect(drawScene(scene)).toEqual([
      'title',
      '',
      'http://127.0.0.1:1/boards/likes          http://127.0.0.1:1/boards/reads',
      'state stale (catching up)   age 1.2 s    state stale (catching up)   age 1.2 s',
      '',
      'rank     id  biz      likes              rank     id  biz      reads',
      '   1     78  et       450  ▲ 2              1     78  et        31  ▼ 1',
      '   2     58  wq3      290  new              2     58  wq3        7  ▼ 1',
      '',
      '10 s of traffic: 300 SQL statements (30/s), 2000 reads (200/s)',
      'counter: 1990 reads counted in 50 transactions, 10 behind',
      'boards: 310 messages read, 20 publishes to Redis, 1 refills from the table',
      '  +1 likes for article 78',
      '  b',
      '  c',
    ])
  })

  test('says so when nothing could be read of one', () => {
    const [, , , states] = drawScene({ ...scene, panels: [{ ...likes, board: undefined }, reads] })
    expect(states).toBe(`no answer${' '.repeat(32)}state stale (catching up)   age 1.2 s`)
  })

  test('fits a terminal of 80 columns and 24 lines, whatever a board says', () => {
    const rows = Array.from({ length: 10 }, (_, i) => ({
      id: 9_999_990 + i,
      biz: 'article',
      like_cnt: 1e8,
      read_cnt: 1e8,
    }))
    const full = { ...board, articles: rows, reason: 'a reason that is longer than half of the line' }
    const panels = [likes, reads].map((panel) => ({
      ...panel,
      url: 'http://127.0.0.1:65535/boards/likes',
      board: full,
    }))
    const lines = drawScene({ ...scene, panels })
    // The cursor stands on a line of its own.
    expect(lines.length).toBeLessThanOrEqual(23)
    expect(Math.max(...lines.map((line) => [...line].length))).toBeLessThanOrEqual(80)
    expect(lines[3]?.indexOf('state', 1)).toBe(41)
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
  const before = { messages: 2010, publishes: 1, refills: 0, counted: 3, transactions: 1 }
  const now = { messages: 2110, publishes: 21, refills: 1, counted: 13, transactions: 3 }
  expect(countsSince(before, now)).toEqual({ messages: 100, publishes: 20, refills: 1, counted: 10, transactions: 2 })
})

test('a counter is the sum of its series, and of no other counter', () => {
  const metrics = '# HELP a_total x\na_total{board="one"} 2\na_total{board="two"} 3\na_total_other 7\n'
  expect(counterIn(metrics, 'a_total')).toBe(5)
})

/** Plays numbers again and again. */
const chanceOf = (...numbers: readonly number[]) => {
  let next = 0
  return () => numbers[next++ % numbers.length] ?? 0
}

/** The same numbers in each run, as if by chance. */
const steadyChance = () => {
  let x = 1
  return () => {
    x = (x * 48_271) % 2_147_483_647
    return x / 2_147_483_647
  }
}

describe('traffic', () => {
  test('never takes more likes than an article has', () => {
    const articles = new Map([[1, 3]])
    expect(nextChange(articles, chanceOf(0.2, 0.5, 0.5, 0.99))).toEqual({ kind: 'unlike', id: 1, likes: -3 })
  })

  test('publishes when there is nothing to like', () => {
    expect(nextChange(new Map(), chanceOf(0.9)).kind).toBe('publish')
  })

  test('is of every kind', () => {
    const articles = new Map(Array.from({ length: 50 }, (_, i) => [i, 10]))
    const chance = steadyChance()
    const kinds = new Set(Array.from({ length: 500 }, () => nextChange(articles, chance).kind))
    expect([...kinds].sort()).toEqual(['delete', 'like', 'publish', 'unlike'])
  })
})

describe('what is read', () => {
  const articles = new Map(Array.from({ length: 1_000 }, (_, i) => [i, 0]))

  test('is mostly what is talked about, and that changes', () => {
    const [attention, chance] = [new Attention(), steadyChance()]
    const mostRead = (): readonly number[] => {
      const reads = new Map<number, number>()
      for (let i = 0; i < 2_000; i++) {
        const id = attention.next(articles, chance) ?? -1
        reads.set(id, (reads.get(id) ?? 0) + 1)
      }
      expect(reads.size).toBeGreaterThan(100)
      const best = [...reads].sort(([, a], [, b]) => b - a).slice(0, 10)
      expect(best.reduce((sum, [, count]) => sum + count, 0)).toBeGreaterThan(1_000)
      return best.map(([id]) => id)
    }
    const before = mostRead()
    for (let i = 0; i < 8_000; i++) attention.next(articles, chance)
    expect(mostRead().filter((id) => !before.includes(id)).length).toBeGreaterThan(3)
  })

  test('is there: nothing where there are no articles, and nothing that was deleted', () => {
    const [attention, chance] = [new Attention(), steadyChance()]
    expect(attention.next(new Map(), chance)).toBeUndefined()
    for (let i = 0; i < 100; i++) attention.next(articles, chance)
    const left = new Map([[7, 0]])
    expect(Array.from({ length: 50 }, () => attention.next(left, chance))).toEqual(Array(50).fill(7))
  })
})

describe('readers', () => {
  test('send each read under its item, and know what the topic has taken and what not', async () => {
    const log = new MemoryLog({ read_events: 4 })
    const articles = new Map([[78, 450]])
    const itemOf = () => ({ biz: 'et', bizId: '11' })
    const readers = ReadSimulator.start({ producer: log.producer(), topic: 'read_events', articles, itemOf })
    await until('some reads', () => readers.sent > 20)
    log.full = true
    await until('refused reads', () => readers.failures > 0)
    await readers.stop()
    const records = log.records('read_events')
    expect(readers.sent).toBe(records.length)
    expect([...readers.sentOf]).toEqual([['11 et', records.length]])
    expect(new Set(records.map(({ partition }) => partition)).size).toBe(1)
    for (const { key, value } of records) {
      expect(String(key)).toBe('11 et')
      expect(JSON.parse(String(value))).toEqual({
        uid: expect.stringMatching(/^\d+$/),
        biz: 'et',
        biz_id: '11',
        ts: expect.any(Number),
      })
    }
  })
})
