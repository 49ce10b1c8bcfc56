/** What every BoardStore owes the pipeline, whatever keeps the boards. Run over the memory store and over Redis. */
import { firstValueFrom, from, type ObservableInput } from 'rxjs'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { BoardDiff, BoardState, Entry } from '../../src/core/board-content.js'
import { diffBoards, emptyDiff } from '../../src/core/board-diff.js'
import type { BoardInspector, BoardMeta, BoardStore, PublishRequest, TakenBoard } from '../../src/operators/ports.js'
import { until } from '../support/until.js'

export interface BoardStores {
  /** A store as a replica of that owner id has it; all share the same boards. */
  store(owner: string): BoardStore & BoardInspector
  /** Everything that is stored is gone, as after FLUSHALL. */
  flush(): Promise<void>
  /** Versions told on the board's channel so far. */
  told(board: string): readonly number[]
  /** Writes past the owner: a member with a score and no row, and a row without a score. */
  intrude(board: string, member: string, row: string): Promise<void>
  close(): Promise<void>
}

const metaOf = (state: BoardState = 'exact', reason = ''): BoardMeta => ({
  status: { state, reason },
  complete: false,
  positions: new Map([['webook.interactives/0', 17]]),
  newest: new Map([['webook.interactives/0', 1_700_000_000_000]]),
  definition: 'likes of webook.interactives',
})

const entry = (member: string, score: string): Entry => ({
  member,
  score,
  row: `{"id":"${member}","score":"${score}"}`,
})

const addAll = (entries: readonly Entry[]): BoardDiff => diffBoards([], entries)

const result = <T>(input: ObservableInput<T>): Promise<T> => firstValueFrom(from(input))

const publishOne = async (store: BoardStore, request: PublishRequest) => {
  const [outcome] = await result(store.publish([request]))
  return outcome
}

const requestOn = (taken: { epoch: number; version: number }, diff: BoardDiff, meta = metaOf()): PublishRequest => ({
  board: 'likes',
  epoch: taken.epoch,
  base: taken.version,
  diff,
  meta,
})

/** Publishes and returns the state to go on from. */
const step = async (store: BoardStore, taken: { epoch: number; version: number }, diff: BoardDiff, meta = metaOf()) => {
  const outcome = await publishOne(store, requestOn(taken, diff, meta))
  if (outcome?.kind !== 'published') throw new Error(`not published: ${JSON.stringify(outcome)}`)
  return { epoch: taken.epoch, version: outcome.version }
}

const byMember = (entries: readonly Entry[]) =>
  entries
    .map(({ member, score, row }) => ({ member, score: Number(score), row }))
    .sort((a, b) => (a.member < b.member ? -1 : 1))

/** `large`: entries of the largest board; above 2,000 scripts have to send them in parts. */
export const boardStoreConformance = (name: string, makeStores: () => Promise<BoardStores>, large = 5_000): void => {
  describe(`board store: ${name}`, () => {
    let stores: BoardStores
    let a: BoardStore & BoardInspector
    let b: BoardStore & BoardInspector
    beforeEach(async () => {
      stores = await makeStores()
      a = stores.store('a:1')
      b = stores.store('b:1')
    })
    afterEach(() => stores.close())

    const contents = async (store: BoardInspector) => (await result(store.inspect('likes')))?.entries ?? []

    describe('take', () => {
      it('finds nothing on a board that never was', async () => {
        const taken = await result(a.take('likes'))
        expect(taken).toMatchObject({ entries: [], meta: undefined })
        expect(taken.epoch).toBeGreaterThan(0)
        expect(taken.version).toBeGreaterThan(0)
      })

      it('returns what was published last, meta included', async () => {
        const entries = [entry('3', '1.5'), entry('1', '2'), entry('2', '2')]
        await step(a, await result(a.take('likes')), addAll(entries), {
          ...metaOf('stale', 'refilling'),
          complete: true,
        })
        const taken: TakenBoard = await result(b.take('likes'))
        expect(taken.entries.map(({ member }) => member)).toEqual(['3', '1', '2'])
        expect(byMember(taken.entries)).toEqual(byMember(entries))
        expect(taken.meta).toEqual({ ...metaOf('stale', 'refilling'), complete: true })
      })

      it('raises the epoch each time and keeps the version', async () => {
        const first = await step(a, await result(a.take('likes')), addAll([entry('1', '1')]))
        const second = await result(b.take('likes'))
        const third = await result(b.take('likes'))
        expect(second.epoch).toBeGreaterThan(first.epoch)
        expect(third.epoch).toBeGreaterThan(second.epoch)
        expect([second.version, third.version]).toEqual([first.version, first.version])
      })

      it('fences the older owner out for good', async () => {
        const old = await result(a.take('likes'))
        const current = await result(b.take('likes'))
        expect(await publishOne(a, requestOn(old, addAll([entry('1', '1')])))).toEqual({ kind: 'fenced' })
        expect(await contents(a)).toEqual([])
        // Neither the right epoch under another owner's id nor the right id with another epoch will do.
        expect(await publishOne(a, requestOn(current, emptyDiff))).toEqual({ kind: 'fenced' })
        expect(await publishOne(b, requestOn({ ...current, epoch: current.epoch - 1 }, emptyDiff))).toEqual({
          kind: 'fenced',
        })
        await step(b, current, addAll([entry('2', '2')]))
        expect(byMember(await contents(b))).toEqual(byMember([entry('2', '2')]))
      })
    })

    describe('publish', () => {
      it('applies exactly the difference', async () => {
        const before = [entry('1', '10'), entry('2', '20'), entry('3', '30'), entry('4', '40')]
        const row = { ...entry('3', '30'), row: '{"id":3,"title":"榜单 \\u0000 \\"x\\""}' }
        const next = [entry('1', '11'), row, entry('4', '40'), entry('a:b%3A', '50')]
        let at = await step(a, await result(a.take('likes')), addAll(before))
        at = await step(a, at, diffBoards(before, next))
        expect(byMember(await contents(a))).toEqual(byMember(next))
        await step(a, at, { leave: next.map(({ member }) => member), scores: [], rows: [] })
        expect(await contents(a)).toEqual([])
      })

      it('is refused on another version, and tells what is there', async () => {
        const taken = await result(a.take('likes'))
        const at = await step(a, taken, addAll([entry('1', '1')]))
        // A double send: the answer to the first was lost.
        const outcome = await publishOne(a, requestOn(taken, addAll([entry('1', '1')])))
        expect(outcome).toMatchObject({ kind: 'moved', version: at.version })
        expect(outcome?.kind === 'moved' && byMember(outcome.entries)).toEqual(byMember([entry('1', '1')]))
        expect(await contents(a)).toHaveLength(1)
      })

      it('says that a flushed board is lost, and goes on from above the old version once taken again', async () => {
        const at = await step(a, await result(a.take('likes')), addAll([entry('1', '1')]))
        await stores.flush()
        expect(await publishOne(a, requestOn(at, addAll([entry('2', '2')])))).toEqual({ kind: 'lost' })
        expect(await contents(a)).toEqual([])
        const again = await result(a.take('likes'))
        expect(again.entries).toEqual([])
        expect(again.version).toBeGreaterThan(at.version)
        expect(again.epoch).toBeGreaterThan(at.epoch)
        expect((await step(a, again, addAll([entry('1', '1')]))).version).toBeGreaterThan(at.version)
      })

      it('counts a version and tells it for each change of content or status, and for nothing else', async () => {
        const taken = await result(a.take('likes'))
        const one = await step(a, taken, addAll([entry('1', '1')]))
        const same = await step(a, one, emptyDiff, { ...metaOf(), positions: new Map([['webook.interactives/0', 99]]) })
        expect(same).toEqual(one)
        expect((await result(b.take('likes'))).meta?.positions).toEqual(new Map([['webook.interactives/0', 99]]))
        const mine = await result(a.take('likes'))
        const stale = await step(a, mine, emptyDiff, metaOf('stale', 'refilling'))
        const why = await step(a, stale, emptyDiff, metaOf('stale', 'rewinding'))
        const two = await step(a, why, addAll([entry('2', '2')]), metaOf('stale', 'rewinding'))
        const versions = [taken, one, stale, why, two].map(({ version }) => version)
        expect(versions).toEqual([...new Set(versions)].sort((x, y) => x - y))
        await until('the last version told', () => stores.told('likes').includes(two.version))
        expect(stores.told('likes')).toEqual(versions.slice(1))
      })

      it('publishes several boards at once, each with its own outcome, in order', async () => {
        const taken = await result(a.take('likes'))
        const other = await result(a.take('reads'))
        await result(b.take('fenced'))
        const one = addAll([entry('1', '1')])
        const outcomes = await result(
          a.publish([
            { ...requestOn(other, one), board: 'reads' },
            { ...requestOn(other, one), board: 'never' },
            { ...requestOn(other, one), board: 'fenced' },
            requestOn({ ...taken, version: taken.version + 1 }, one),
          ]),
        )
        expect(outcomes.map((outcome) => outcome.kind)).toEqual(['published', 'lost', 'fenced', 'moved'])
        expect(await result(a.publish([]))).toEqual([])
      })

      it(`takes ${large} entries in one difference, in and out`, async () => {
        const many = Array.from({ length: large }, (_, i) => entry(String(i), String(i * 3)))
        const others = Array.from({ length: large }, (_, i) => entry(`x${i}`, String(i)))
        const at = await step(a, await result(a.take('likes')), addAll(many))
        expect(byMember(await contents(a))).toEqual(byMember(many))
        await step(a, at, diffBoards(many, others))
        expect(byMember(await contents(a))).toEqual(byMember(others))
      })

      it('keeps scores as the doubles nearest to their texts', async () => {
        const texts = [
          '9007199254740993',
          '9007199254740991',
          '-5.25',
          '0.0000001',
          '1e-7',
          '0',
          '18446744073709551615',
        ]
        const exact = ['123456789012345678', '0.1', '-9007199254740993', '1.7976931348623157e308', '99999999999999.99']
        const entries = [...texts, ...exact].map((score, i) => entry(String(i), score))
        await step(a, await result(a.take('likes')), addAll(entries))
        for (const found of [await contents(a), (await result(b.take('likes'))).entries]) {
          expect(byMember(found)).toEqual(byMember(entries))
          expect(diffBoards(found, entries)).toEqual(emptyDiff)
        }
      })
    })

    describe('inspect', () => {
      it('tells versions and owners of boards that are there', async () => {
        const taken = await result(a.take('likes'))
        expect(await result(a.versions(['likes', 'never']))).toEqual([taken.version, undefined])
        expect(await result(a.inspect('never'))).toBeUndefined()
        expect(await result(b.inspect('likes'))).toMatchObject({
          epoch: taken.epoch,
          owner: 'a:1',
          version: taken.version,
        })
      })

      it('finds foreign writes, and the difference heals them', async () => {
        const mine = [entry('1', '1'), entry('2', '2')]
        const at = await step(a, await result(a.take('likes')), addAll(mine))
        await stores.intrude('likes', 'thief', '{"id":"stray"}')
        const diff = diffBoards(await contents(a), mine)
        expect([...diff.leave].sort()).toEqual(['stray-thief', 'thief'])
        await step(a, at, diff)
        expect(diffBoards(await contents(a), mine)).toEqual(emptyDiff)
        expect(await contents(a)).toHaveLength(2)
      })
    })

    describe('split boards', () => {
      const registered = async (store: BoardStore) => (await result(store.registered('likes'))).groups
      const ownLikes = async (store: BoardStore) => ({
        board: 'likes',
        epoch: (await result(store.take('likes'))).epoch,
      })

      it('takes many boards at once, in the order asked, each as one would be', async () => {
        await step(a, await result(a.take('likes')), addAll([entry('1', '1')]))
        const names = Array.from({ length: 450 }, (_, i) => (i === 333 ? 'likes' : `likes/${i}`))
        const taken = await result(b.takeAll(names))
        expect(taken).toHaveLength(450)
        expect(taken.map(({ entries }, i) => [entries.length, i]).filter(([n]) => n !== 0)).toEqual([[1, 333]])
        expect(await publishOne(a, requestOn(taken[333] ?? { epoch: 0, version: 0 }, emptyDiff))).toEqual({
          kind: 'fenced',
        })
        expect(await result(b.takeAll([]))).toEqual([])
        const one = { ...requestOn(taken[7] ?? { epoch: 0, version: 0 }, addAll([entry('1', '1')])), board: 'likes/7' }
        expect(await publishOne(b, one)).toMatchObject({ kind: 'published' })
      })

      it('knows the groups that were registered and not removed, whatever their values', async () => {
        const split = await ownLikes(a)
        expect(await result(a.registered('likes'))).toEqual({ groups: new Map(), vouched: 0, removedAt: new Map() })
        const values = ['article', '', '榜单', 'a/b:{c}%', '0', ' ', 'line\nbreak']
        expect(await result(a.register(split, values))).toBe(true)
        expect(new Set((await registered(b)).keys())).toEqual(new Set(values))
        expect(await result(a.unregister(split, ['article', 'never'], new Map([['t/0', 7]])))).toBe(true)
        expect(new Set((await registered(b)).keys())).toEqual(new Set(values.slice(1)))
        expect((await result(b.registered('likes'))).removedAt).toEqual(new Map([['t/0', 7]]))
        expect(await result(a.register(split, []))).toBe(true)
        expect((await result(a.registered('other'))).groups).toEqual(new Map())
      })

      it('tells the version last vouched for, and the number of the last vouching', async () => {
        const split = await ownLikes(a)
        await result(a.register(split, ['x', 'y', 'z']))
        await result(
          a.vouch(split, {
            versions: new Map([
              ['x', 11],
              ['y', 12],
            ]),
            number: 1,
            after: 0,
          }),
        )
        await result(a.vouch(split, { versions: new Map([['y', 13]]), number: 2, after: 1 }))
        expect(await result(b.registered('likes'))).toEqual({
          groups: new Map([
            ['x', 11],
            ['y', 13],
            ['z', undefined],
          ]),
          vouched: 2,
          removedAt: new Map(),
        })
        // The answer to a vouching was lost: it is sent again. One that was itself lost is missed by the next.
        const again = (number: number) => a.vouch(split, { versions: new Map([['y', 13]]), number, after: number - 1 })
        expect(await result(again(2))).toBe(true)
        expect(await result(again(4))).toBe(false)
        expect(await result(again(1))).toBe(false)
        expect(await result(a.vouch(split, { versions: new Map(), number: 2, after: 2 }))).toBe(true)
        expect(await result(a.vouch(split, { versions: new Map(), number: 3, after: 3 }))).toBe(false)
        expect((await result(b.registered('likes'))).vouched).toBe(2)
        // Registered anew: whatever it was before, nobody vouches for it.
        await result(a.register(split, ['x']))
        expect((await registered(b)).get('x')).toBeUndefined()
        // A publish of the split board itself leaves the number as it is, and so does who takes it next.
        await step(b, await result(b.take('likes')), addAll([entry('1', '1')]))
        expect((await result(b.registered('likes'))).vouched).toBe(2)
        const { epoch } = await result(a.take('likes'))
        expect(
          await result(
            a.vouch({ board: 'likes', epoch }, { versions: new Map([['x', 14]]), number: 1, after: undefined }),
          ),
        ).toBe(true)
        expect((await result(b.registered('likes'))).vouched).toBe(1)
      })

      it('a removal with a number is one of the vouchings: the next one finds out that it was lost', async () => {
        const split = await ownLikes(a)
        await result(a.register(split, ['x', 'y']))
        await result(a.vouch(split, { versions: new Map([['x', 11]]), number: 1, after: 0 }))
        expect(await result(a.unregister(split, ['y'], new Map(), { number: 3, after: 2 }))).toBe(false)
        expect([...(await registered(b)).keys()]).toEqual(['x', 'y'])
        expect(await result(a.unregister(split, ['y'], new Map(), { number: 2, after: 1 }))).toBe(true)
        expect(await result(b.registered('likes'))).toMatchObject({ groups: new Map([['x', 11]]), vouched: 2 })
        expect(await result(a.vouch(split, { versions: new Map(), number: 2, after: 2 }))).toBe(true)
        expect(await result(a.unregister(split, ['x'], new Map(), { number: 1, after: 0 }))).toBe(false)
      })

      it('holds 10,000 groups', async () => {
        const split = await ownLikes(a)
        const values = Array.from({ length: 10_000 }, (_, i) => `group ${i}`)
        await result(a.register(split, values))
        const versions = new Map(values.map((value, i) => [value, 1_800_000_000_000 + i]))
        await result(a.vouch(split, { versions, number: 1, after: 0 }))
        expect(await registered(a)).toEqual(versions)
        await result(a.unregister(split, values.slice(1), new Map()))
        expect(await registered(a)).toEqual(new Map([['group 0', 1_800_000_000_000]]))
      })

      it('lets only the owner change a registry, and says when his own board is gone', async () => {
        const old = await ownLikes(a)
        const current = await ownLikes(b)
        await result(b.register(current, ['x']))
        const vouching = { versions: new Map([['x', 5]]), number: 1, after: 0 }
        const tries = [a.register(old, ['y']), a.vouch(old, vouching), a.unregister(old, ['x'], new Map())]
        for (const attempt of tries) await expect(result(attempt)).rejects.toMatchObject({ code: 'LEASE_LOST' })
        await expect(result(a.register(current, ['y']))).rejects.toMatchObject({ code: 'LEASE_LOST' })
        expect(await result(b.registered('likes'))).toEqual({
          groups: new Map([['x', undefined]]),
          vouched: 0,
          removedAt: new Map(),
        })
        await stores.flush()
        expect(await result(b.register(current, ['y']))).toBe(false)
        expect(await result(b.vouch(current, vouching))).toBe(false)
        expect(await registered(b)).toEqual(new Map())
      })

      it('forgets a board with all its keys, and tells it', async () => {
        const at = await step(a, await result(a.take('likes')), addAll([entry('1', '1')]))
        expect(await result(a.forget('likes', at.epoch, at.version))).toEqual({ kind: 'forgotten' })
        expect(await result(a.inspect('likes'))).toBeUndefined()
        expect(await result(a.forget('likes', at.epoch, at.version))).toEqual({ kind: 'lost' })
        await until('the message', () => stores.told('likes').at(-1) === 0)
        const again = await result(a.take('likes'))
        expect(again).toMatchObject({ entries: [], meta: undefined })
        expect(again.version).toBeGreaterThanOrEqual(at.version)
      })

      it('forgets nothing that is another version or another owner’s', async () => {
        const taken = await result(a.take('likes'))
        const at = await step(a, taken, addAll([entry('1', '1')]))
        expect(await result(a.forget('likes', taken.epoch, taken.version))).toMatchObject({
          kind: 'moved',
          version: at.version,
          entries: [{ member: '1' }],
        })
        expect(await result(b.forget('likes', at.epoch, at.version))).toEqual({ kind: 'fenced' })
        await result(b.take('likes'))
        expect(await result(a.forget('likes', at.epoch, at.version))).toEqual({ kind: 'fenced' })
        expect(byMember(await contents(a))).toEqual(byMember([entry('1', '1')]))
      })
    })

    it('tells what the owner confirmed last', async () => {
      expect(await result(a.confirmed())).toEqual({ positions: new Map(), versions: new Map() })
      const positions = new Map([['webook.interactives/0', 17]])
      const versions = new Map([['likes', 1_700_000_000_001]])
      await result(a.confirm(positions, versions))
      expect(await result(b.confirmed())).toEqual({ positions, versions })
    })
  })
}
