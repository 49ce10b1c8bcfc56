/** A base that is made of the stream itself: its rows are of a position, and reaching that is all the proof there is. */
import { describe, expect, test } from 'vitest'
import type { BoardSpec } from '../../src/core/board-spec.js'
import type { FeedEvent } from '../../src/core/change.js'
import { Feed } from '../../src/core/feed.js'
import type { FeedEffect, FeedInput } from '../../src/core/feed-io.js'
import { foldNewest } from '../../src/core/newest-per-key.js'
import type { RefillRows } from '../../src/core/refill.js'
import { table } from '../support/simulated-world.js'

const spec: BoardSpec = {
  name: 'likes',
  table,
  direction: 'desc',
  ties: 'newest',
  size: 2,
  display: [0, 1],
  score: { kind: 'column', column: 1 },
  where: undefined,
}

const image = (id: number, likes: number) => [String(id), String(likes), '0']

/** Cold, before its first window; no marker can be written. */
class ColdFeed {
  readonly feed = new Feed({ boards: [spec], partitions: 1, marks: false, nonce: 'n' })
  effects: readonly FeedEffect[] = []

  step(input: FeedInput, now = 0): void {
    this.effects = this.feed.step(input, now).effects
  }

  /** Reaches `offset` with these rows as (id, likes). */
  window(offset: number, rows: readonly (readonly [number, number])[] = []): void {
    const events = rows.map(([id, likes]): FeedEvent => {
      return { kind: 'row', table, key: String(id), after: image(id, likes), before: undefined, es: undefined }
    })
    const positions = new Map([['t/0', offset]])
    this.step({ kind: 'window', window: { ...foldNewest(events), positions, maxEs: new Map(), messages: 1 } })
  }

  get request(): number {
    const read = this.effects.find(({ kind }) => kind === 'read')
    return read?.kind === 'read' ? read.request : 0
  }

  answer(rows: readonly (readonly [number, number])[], rest: Partial<RefillRows>): void {
    const read = rows.map(([id, likes]) => ({ key: String(id), image: image(id, likes) }))
    this.step({ kind: 'rows', request: this.request, rows: { rows: read, complete: true, ...rest } })
  }

  get shown(): string {
    const [board] = this.feed.snapshot().boards
    const rows = board?.content?.entries.map(({ member, score }) => `${member}:${score}`).join(' ') ?? 'nothing'
    return `${board?.status.state}${board?.status.reason === '' ? '' : ` (${board?.status.reason})`} ${rows}`
  }
}

describe('rows that are of a position of the stream', () => {
  test('are shown, and exact, once the stream has reached it: not before, and without asking anybody', () => {
    const cold = new ColdFeed()
    cold.window(4)
    cold.answer(
      [
        [1, 10],
        [2, 20],
      ],
      { at: new Map([['t/0', 7]]) },
    )
    expect(cold.shown).toBe('stale (starting) nothing')
    cold.window(6, [[2, 5]])
    expect(cold.shown).toBe('stale (starting) nothing')
    expect(cold.effects).toEqual([])
    cold.window(7, [[2, 20]])
    expect(cold.shown).toBe('exact 2:20 1:10')
  })

  test('are shown at once where the stream is there already', () => {
    const cold = new ColdFeed()
    cold.window(7)
    cold.answer([[1, 10]], { at: new Map([['t/0', 7]]) })
    expect(cold.shown).toBe('exact 1:10')
  })

  test('are assumed, with the reason, where the base doubts them, until it does not', () => {
    const cold = new ColdFeed()
    cold.window(7)
    cold.answer([[1, 10]], { at: new Map([['t/0', 7]]), doubt: 'stream only since noon' })
    expect(cold.shown).toBe('assumed (stream only since noon) 1:10')
    cold.step({ kind: 'tick' }, 60_000)
    expect(cold.effects).toEqual([])
    cold.step({ kind: 'audit' }, 60_001)
    cold.answer([[1, 10]], { at: new Map([['t/0', 7]]) })
    expect(cold.shown).toBe('exact 1:10')
  })
})
