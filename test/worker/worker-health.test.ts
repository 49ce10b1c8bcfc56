import { expect, test } from 'vitest'
import { WorkerHealth } from '../../src/worker/worker-health.js'
import { FakeBoards, viewOf } from '../http/fake-boards.js'

/** `reads` is a board that nothing can be served of yet. */
const healthOf = (): { health: WorkerHealth; boards: FakeBoards; unkept: Set<string> } => {
  const boards = new FakeBoards()
  boards.boards.set('likes', viewOf(['{}'])).set('reads', null)
  const unkept = new Set<string>()
  const health = new WorkerHealth(boards, () => false, { isNew: (name) => unkept.has(name) })
  return { health, boards, unkept }
}

test('it is not ready while a board cannot be served, and ready when it can', () => {
  const { health, boards } = healthOf()
  health.start()
  expect(health.ready().ok).toBe(false)
  boards.boards.set('reads', viewOf(['{}']))
  expect(health.ready().ok).toBe(true)
})

test('a standby does not wait for a board that the owner of now does not keep', () => {
  const { health, unkept } = healthOf()
  health.start()
  unkept.add('reads')
  expect(health.ready().ok).toBe(true)
  expect(health.ready().checks).toContainEqual({ name: 'reads', ok: false, detail: 'degraded: nothing to serve yet' })
})

test('and once it owns the feed it stays ready while it fills that board', () => {
  const { health, unkept } = healthOf()
  health.start()
  unkept.add('reads')
  health.ready()
  unkept.clear()
  expect(health.ready().ok).toBe(true)
})

test('before the tables are known it waits, new board or not', () => {
  const { health, unkept } = healthOf()
  unkept.add('reads')
  expect(health.ready().ok).toBe(false)
  health.start()
  expect(health.ready().ok).toBe(true)
})

interface Setting {
  readonly boards?: 'served' | 'empty' | 'none'
  readonly faults?: boolean
  readonly counters?: readonly boolean[] | undefined
}

const mixed = ({ boards = 'served', faults = false, counters }: Setting) => {
  const fakes = new FakeBoards()
  fakes.boards.clear()
  if (boards !== 'none') fakes.boards.set('likes', boards === 'served' ? viewOf(['{}']) : null)
  return new WorkerHealth(fakes, () => false, {
    faults: () => (faults ? [{ name: 'feed t', ok: false, detail: 'down: TABLE_MISSING: x' }] : []),
    ...(counters === undefined
      ? {}
      : {
          counters: () => counters.map((ok, i) => ({ name: `counters.c${i}`, ok, detail: ok ? 'counting' : 'down' })),
        }),
  })
}

test.each<[string, Setting, boolean]>([
  ['boards alone, served', {}, true],
  ['boards alone, nothing to serve yet', { boards: 'empty' }, false],
  ['a counter that is down does not make served boards unready', { counters: [false] }, true],
  [
    'boards that are still starting are waited for, though a counter counts',
    { boards: 'empty', counters: [true] },
    false,
  ],
  ['boards that are down do not make a counter unready', { boards: 'empty', faults: true, counters: [true] }, true],
  ['boards and counters down: nothing can be done', { boards: 'empty', faults: true, counters: [false] }, false],
  ['a feed that is down, with boards that can still be served', { faults: true, counters: [false] }, true],
  ['counters alone, one of two counts', { boards: 'none', counters: [false, true] }, true],
  ['counters alone, none counts', { boards: 'none', counters: [false, false] }, false],
])('%s', (_name, setting, expected) => {
  expect(mixed(setting).ready().ok).toBe(expected)
})

test('each kind can be asked for alone', () => {
  const health = mixed({ boards: 'served', counters: [false] })
  expect(health.ready('boards')).toMatchObject({ ok: true, checks: [{ name: 'likes' }] })
  expect(health.ready('counters')).toMatchObject({ ok: false, checks: [{ name: 'counters.c0', ok: false }] })
  const other = mixed({ boards: 'empty', faults: true, counters: [true] })
  expect(other.ready('boards').ok).toBe(false)
  expect(other.ready('counters').ok).toBe(true)
  expect(other.ready().checks.map(({ name }) => name)).toEqual(['feed t', 'likes', 'counters.c0'])
})
