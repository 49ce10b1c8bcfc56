/** A split board through its feed: what is asked, what is handed on, and when. The histories show that it is right. */
import { beforeEach, describe, expect, it } from 'vitest'
import type { BoardSpec } from '../../src/core/board-spec.js'
import type { FeedEvent } from '../../src/core/change.js'
import { Feed } from '../../src/core/feed.js'
import type { FeedEffect, FeedInput, GroupSnapshot } from '../../src/core/feed-io.js'
import { mergeSnapshots } from '../../src/core/feed-io.js'
import { foldNewest } from '../../src/core/newest-per-key.js'
import type { Note } from '../../src/core/note.js'
import { readBestOfGroups } from '../support/simulated-base.js'
import { SimulatedWorld, table } from '../support/simulated-world.js'

const likes: BoardSpec = {
  name: 'likes',
  table,
  direction: 'desc',
  ties: 'newest',
  size: 2,
  display: [0, 1],
  score: { kind: 'column', column: 1 },
  where: undefined,
  per: 3,
}

type Query = Extract<FeedEffect, { kind: 'read-groups' }>['query']

/** A feed whose base answers at once; the stream is what the test writes. */
class SplitFeed {
  feed: Feed
  readonly world = new SimulatedWorld(1)
  readonly queries: Query[] = []
  readonly notes: Note[] = []
  /** Whether the base answers at once. */
  answers = true
  now = 1_700_000_000_000
  #offset = 0
  readonly #events: FeedEvent[] = []
  readonly #answers: FeedInput[] = []

  constructor(spec: BoardSpec, atOnce: number) {
    const options = { partitions: 1, marks: true, nonce: 'me', groupsAtOnce: atOnce }
    this.feed = new Feed({ ...options, boards: [spec], capacityOf: ({ size }) => size + 2 })
  }

  /** Writes a row to the table; the stream tells of it with the next window. */
  write(id: number, score: number | null, kind: string | null): void {
    const before = this.world.rows.get(String(id))
    const after = score === null ? null : [String(id), String(score), '0', kind]
    this.world.write(String(id), after, this.now)
    this.#events.push({ kind: 'row', table, key: String(id), after, before, es: this.now })
  }

  window(...events: FeedEvent[]): void {
    this.#offset += 1
    const positions = new Map([['t/0', this.#offset]])
    const folded = foldNewest([...this.#events.splice(0), ...events])
    this.#step({ kind: 'window', window: { ...folded, positions, maxEs: new Map(), messages: 1 } })
  }

  tick(ms = 250): void {
    this.now += ms
    this.#step({ kind: 'tick' })
  }

  audit(): void {
    this.#step({ kind: 'audit' })
  }

  handOn(): ReadonlyMap<string, GroupSnapshot> {
    return this.feed.handOn().changed
  }

  /** Lets everything that is due be done. */
  settle(): void {
    for (let i = 0; i < 20; i++) this.tick()
  }

  get split() {
    const [split] = this.feed.snapshot().splits
    if (split === undefined) throw new Error('no split board')
    return split
  }

  answer(): void {
    for (const answer of this.#answers.splice(0)) this.#step(answer)
  }

  #step(input: FeedInput): void {
    const { effects, notes } = this.feed.step(input, this.now)
    this.notes.push(...notes)
    for (const effect of effects) {
      if (effect.kind === 'mark') this.window({ kind: 'marker', nonce: effect.nonce })
      else if (effect.kind === 'ends')
        this.#step({ kind: 'ends', barrier: effect.barrier, ends: new Map([['t/0', this.#offset]]) })
      else if (effect.kind === 'read-groups') {
        this.queries.push(effect.query)
        const rows = readBestOfGroups(this.world, effect.query)
        this.#answers.push({ kind: 'groups', request: effect.request, rows })
        if (this.answers) this.answer()
      }
    }
  }
}

const shown = (changed: ReadonlyMap<string, GroupSnapshot>) =>
  Object.fromEntries(
    [...changed].map(([name, { gone, status, content }]) => [
      name,
      gone ? 'gone' : `${status.state} ${content?.entries.map(({ member }) => member).join() ?? '-'}`,
    ]),
  )

describe('a split board', () => {
  let split: SplitFeed

  beforeEach(() => {
    split = new SplitFeed(likes, 2)
    for (const [id, kind] of ['a', 'b', 'c', 'a', 'a'].entries()) split.write(id, id, kind)
    split.window()
    split.settle()
  })

  it('is filled by ranges of values, each group published once', () => {
    expect(split.queries.map(({ groups }) => groups)).toEqual([
      { kind: 'range', after: undefined, most: 2 },
      { kind: 'range', after: 'b', most: 2 },
    ])
    expect(shown(split.handOn())).toEqual({ 'likes/a': 'exact 4,3', 'likes/b': 'exact 1', 'likes/c': 'exact 2' })
    expect(split.split).toMatchObject({ current: true, filled: true, size: 3, status: { state: 'exact' } })
    expect(split.handOn().size).toBe(0)
  })

  it('hands on the groups that a window has changed, and no others', () => {
    split.handOn()
    split.write(1, 9, 'c')
    split.write(0, 0, 'a')
    split.window()
    expect(shown(split.handOn())).toEqual({ 'likes/b': 'gone', 'likes/c': 'exact 1,2' })
    expect(split.split.group('b')).toBeUndefined()
    split.tick()
    expect(split.handOn().size).toBe(0)
  })

  it('follows a row through several groups in one window', () => {
    split.handOn()
    for (const kind of ['b', 'c', 'new']) split.write(4, 4, kind)
    split.window()
    expect(shown(split.handOn())).toEqual({ 'likes/a': 'exact 3,0', 'likes/new': 'exact 4' })
  })

  it('has no row whose value is NULL, and takes it when it gets one', () => {
    split.handOn()
    split.write(4, 4, null)
    split.window()
    expect(shown(split.handOn())).toEqual({ 'likes/a': 'exact 3,0' })
    split.write(4, 4, 'd')
    split.window()
    expect(shown(split.handOn())).toEqual({ 'likes/d': 'exact 4' })
  })

  it('asks nothing for groups that come, grow and go', () => {
    const { length } = split.queries
    for (let id = 10; id < 30; id++) split.write(id, id, `kind ${id % 5}`)
    split.window()
    for (let id = 10; id < 30; id++) split.write(id, id + 5, `kind ${id % 5}`)
    split.window()
    split.settle()
    expect(split.queries.length).toBe(length)
    expect(split.split.group('kind 4')?.content?.entries.map(({ member }) => member)).toEqual(['29', '24'])
  })

  it('refills the groups that run short, the emptiest first, and says meanwhile which they are', () => {
    for (let id = 100; id < 112; id++) split.write(id, id, id % 2 === 0 ? 'even' : 'odd')
    split.window()
    split.handOn()
    split.answers = false
    for (const id of [111, 109, 110, 108, 106]) split.write(id, null, null)
    split.window()
    split.tick()
    expect(split.queries.at(-1)?.groups).toEqual({ kind: 'listed', values: ['even', 'odd'] })
    expect(shown(split.handOn())).toEqual({ 'likes/even': 'stale 110,108', 'likes/odd': 'exact 107,105' })
    // Everything else goes on.
    split.write(1, 50, 'b')
    split.window()
    expect(shown(split.handOn())).toEqual({ 'likes/b': 'exact 1' })
    expect(split.split).toMatchObject({ current: true })
  })

  it('tells the state of all groups when that changes, with what they last were', () => {
    split.handOn()
    split.answers = false
    split.window({ kind: 'refused', table, refusal: { code: 'PARSE', detail: 'x' } })
    const changed = split.handOn()
    expect(shown(changed)).toEqual({ 'likes/a': 'degraded 4,3', 'likes/b': 'degraded 1', 'likes/c': 'degraded 2' })
    // The last exact content stays, whatever comes.
    split.write(1, 9, 'c')
    split.window()
    expect(split.handOn().size).toBe(0)
    split.answers = true
    split.answer()
    split.settle()
    expect(split.split.status.state).toBe('exact')
    expect(new Set([...split.handOn().values()].map(({ status }) => status.state))).toEqual(new Set(['exact']))
  })

  it('says that there are too many groups, which limit that is, and is exact again once there are fewer', () => {
    split = new SplitFeed({ ...likes, maxGroups: 3 }, 2)
    for (const [id, kind] of ['a', 'b', 'c'].entries()) split.write(id, id, kind)
    split.window()
    split.settle()
    split.write(7, 7, 'd')
    split.window()
    expect(split.split).toMatchObject({
      status: { state: 'degraded', reason: 'GROUPS_LIMIT: 3 values of kind: raise boards.likes.maxBoards' },
      current: false,
      filled: false,
    })
    expect(split.split.size).toBe(3)
    split.write(1, null, null)
    split.window()
    split.tick(301_000)
    split.settle()
    expect(split.split).toMatchObject({ status: { state: 'exact' }, filled: true, size: 3 })
    expect(split.split.group('d')?.content?.entries.length).toBe(1)
  })

  it('audits one range a time, and repairs and tells what it finds', () => {
    const { length } = split.queries
    // A change that the stream never tells.
    split.world.write('4', ['4', '1', '0', 'a'], split.now)
    split.audit()
    split.settle()
    expect(split.queries.length).toBe(length + 1)
    expect(split.notes).toContainEqual({
      kind: 'audit-difference',
      board: 'likes',
      count: 1,
      keys: ['4'],
    })
    split.audit()
    split.settle()
    expect(split.queries.slice(length).map(({ groups }) => groups)).toEqual([
      { kind: 'range', after: undefined, most: 2 },
      { kind: 'range', after: 'b', most: 2 },
    ])
    expect(split.split.status.state).toBe('exact')
  })

  it('loses no change in a snapshot that is skipped', () => {
    split.handOn()
    split.write(1, null, null)
    split.write(2, 20, 'c')
    split.window()
    const older = split.feed.handOn()
    split.write(2, 21, 'a')
    split.window()
    const merged = mergeSnapshots(older, split.feed.handOn())
    expect(shown(merged.changed)).toEqual({ 'likes/b': 'gone', 'likes/c': 'gone', 'likes/a': 'exact 2,4' })
  })
})
