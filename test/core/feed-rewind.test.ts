/** A producer that goes back: boards stay as they are until everything that is sent again has come. */
import { describe, expect, test } from 'vitest'
import type { BoardSpec } from '../../src/core/board-spec.js'
import type { FeedEvent } from '../../src/core/change.js'
import { Feed } from '../../src/core/feed.js'
import type { FeedEffect, FeedInput } from '../../src/core/feed-io.js'
import { foldNewest } from '../../src/core/newest-per-key.js'
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

const es = 1_700_000_000_000

/** A feed whose board is filled and exact: (1, 10), (2, 20), (3, 30). */
class RunningFeed {
  readonly feed = new Feed({ boards: [spec], partitions: 1, marks: true, nonce: 'n' })
  effects: FeedEffect[] = []
  #offset = 0
  #now = es

  constructor() {
    this.window([])
    const read = this.effects.find((effect) => effect.kind === 'read')
    const rows = [1, 2, 3].map((id) => ({ key: String(id), image: [String(id), String(id * 10), '0'] }))
    this.step({ kind: 'rows', request: read?.request ?? 0, rows: { rows, complete: true } })
    this.passBarrier()
  }

  step(input: FeedInput, later = 0): void {
    this.#now += later
    this.effects.push(...this.feed.step(input, this.#now).effects)
  }

  window(events: readonly FeedEvent[]): void {
    this.#offset += 1
    const positions = new Map([['t/0', this.#offset]])
    this.step({
      kind: 'window',
      window: { ...foldNewest(events), positions, maxEs: new Map(), messages: events.length },
    })
  }

  update(id: number, before: number, after: number, seconds: number, first: readonly FeedEvent[] = []): void {
    const image = (likes: number) => [String(id), String(likes), '0']
    const times = { es: es + seconds * 1000 }
    this.window([
      ...first,
      { kind: 'row', table, key: String(id), before: image(before), after: image(after), ...times },
    ])
  }

  /** The nonces that were to be written since the last look. */
  marks(): string[] {
    const marks = this.effects.flatMap((effect) => (effect.kind === 'mark' ? [effect.nonce] : []))
    this.effects = this.effects.filter(({ kind }) => kind !== 'mark')
    return marks
  }

  seeMarks(): void {
    this.window(this.marks().map((nonce) => ({ kind: 'marker', nonce })))
  }

  answerEnds(): void {
    const asked = this.effects.flatMap((effect) => (effect.kind === 'ends' ? [effect.barrier] : []))
    this.effects = []
    for (const barrier of asked) this.step({ kind: 'ends', barrier, ends: new Map([['t/0', this.#offset]]) })
    this.step({ kind: 'tick' })
  }

  passBarrier(): void {
    this.seeMarks()
    this.seeMarks()
    this.answerEnds()
  }

  get shown(): string {
    const [board] = this.feed.snapshot().boards
    const rows = board?.content?.entries.map(({ member, score }) => `${member}:${score}`).join(' ')
    return `${board?.status.state}${board?.status.reason === '' ? '' : ` (${board?.status.reason})`} ${rows}`
  }
}

describe('a feed whose producer goes back', () => {
  test('starts exact', () => {
    expect(new RunningFeed().shown).toBe('exact 3:30 2:20')
  })

  test('shows nothing of what is sent again, and is exact when it has all come', () => {
    const running = new RunningFeed()
    running.update(2, 20, 50, 1)
    expect(running.shown).toBe('exact 2:50 3:30')
    running.update(2, 5, 20, 0, [{ kind: 'rewound' }])
    expect(running.shown).toBe('stale (rewinding) 2:50 3:30')
    running.update(2, 20, 50, 1)
    expect(running.shown).toBe('stale (rewinding) 2:50 3:30')
    running.passBarrier()
    expect(running.shown).toBe('exact 2:50 3:30')
  })

  test('is given up after ten minutes, and exact once it has been read anew behind a marker of its own', () => {
    const running = new RunningFeed()
    running.window([{ kind: 'rewound' }])
    running.step({ kind: 'tick' }, 599_000)
    expect(running.shown).toMatch(/^stale \(rewinding\)/)
    running.step({ kind: 'tick' }, 1_000)
    expect(running.shown).toBe('degraded (REWIND_OVERDUE) 3:30 2:20')
    running.step({ kind: 'tick' }, 1_000)
    const read = running.effects.findLast((effect) => effect.kind === 'read')
    const rows = [1, 2, 3].map((id) => ({ key: String(id), image: [String(id), String(id * 11), '0'] }))
    running.step({ kind: 'rows', request: read?.request ?? 0, rows: { rows, complete: true } })
    expect(running.shown).toBe('degraded (REWIND_OVERDUE) 3:30 2:20')
    running.passBarrier()
    expect(running.shown).toMatch(/3:33 2:22$/)
  })

  test('shows what has come meanwhile, once it is through', () => {
    const running = new RunningFeed()
    running.window([{ kind: 'rewound' }])
    running.update(1, 10, 99, 5)
    expect(running.shown).toBe('stale (rewinding) 3:30 2:20')
    running.passBarrier()
    expect(running.shown).toBe('exact 1:99 3:30')
  })

  test('goes back again: the first markers prove nothing any more', () => {
    const running = new RunningFeed()
    running.window([{ kind: 'rewound' }])
    running.seeMarks()
    running.window([{ kind: 'rewound' }])
    const [old = '', fresh = ''] = running.marks()
    running.window([{ kind: 'marker', nonce: old }])
    expect(running.effects).toEqual([])
    expect(running.shown).toBe('stale (rewinding) 3:30 2:20')
    running.window([{ kind: 'marker', nonce: fresh }])
    running.seeMarks()
    running.answerEnds()
    expect(running.shown).toBe('exact 3:30 2:20')
  })

  test('a row that was changed from what it no longer is, is a sign as good as any', () => {
    const running = new RunningFeed()
    running.update(2, 20, 50, 5)
    running.update(2, 10, 20, 4)
    expect(running.shown).toBe('stale (rewinding) 2:50 3:30')
  })

  test('a newer change of a row that is not as it was told to be: a change has been lost', () => {
    const running = new RunningFeed()
    running.update(2, 20, 50, 5)
    running.update(2, 60, 70, 6)
    expect(running.shown).toMatch(/^degraded \(BEFORE_IMAGE: .*\) 2:50 3:30$/)
  })

  test('without markers it waits for the present to come', () => {
    const running = new RunningFeed()
    running.window([{ kind: 'rewound' }])
    running.step({ kind: 'tick' }, 31_000)
    expect(running.shown).toBe('stale (rewinding) 3:30 2:20')
  })
})
