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
