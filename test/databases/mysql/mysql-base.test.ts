import { describe, expect, test } from 'vitest'
import type { BoardSpec } from '../../../src/core/board-spec.js'
import type { MysqlPool, Session } from '../../../src/databases/mysql/connection.js'
import { MysqlBase } from '../../../src/databases/mysql/mysql-base.js'
import { type Clock, RefillBudget } from '../../../src/databases/mysql/refill-budget.js'

const board: BoardSpec = {
  name: 'likes',
  table: {
    id: 'd.t(id)',
    database: 'd',
    table: 't',
    columns: [
      { name: 'id', type: { kind: 'integer', unsigned: false } },
      { name: 'n', type: { kind: 'integer', unsigned: false } },
    ],
    key: [0],
    primaryKey: ['id'],
  },
  direction: 'desc',
  ties: 'newest',
  size: 1,
  display: [0],
  score: { kind: 'column', column: 1 },
  where: undefined,
}

/** A primary with one counted marker, and a replica that shows it only after `lag` snapshots. */
const servers = (lag: number) => {
  const steps: string[] = []
  let written = 0
  let visible = 0
  let snapshots = 0
  const answer = (rows: (string | null)[][], insertId = 0) => ({ columns: [], rows, insertId, affected: 0 })
  const pool = (address: string, query: Session['query']): MysqlPool => ({
    address,
    database: 'd',
    use: (work) => work({ query, together: async () => {} }),
    close: async () => {},
  })
  const primary = pool('primary:3306', async (_, sql) => {
    steps.push(sql.startsWith('INSERT') ? 'mark' : sql)
    written++
    return answer([], written)
  })
  const refill = pool('replica:3306', async (_, sql) => {
    if (sql.startsWith('START')) {
      steps.push('snapshot')
      snapshots++
      visible = snapshots > lag ? written : 0
    } else if (sql.includes('SELECT seq')) {
      return answer(visible === 0 ? [] : [[String(visible)]])
    } else if (sql.startsWith('SELECT')) {
      steps.push('rows')
      return answer([['7', '42']])
    } else steps.push('close')
    return answer([])
  })
  return { steps, primary, refill }
}

/** Waiting takes no time, but is counted. */
const instantClock = () => {
  let now = 0
  const clock: Clock = {
    now: () => now,
    wait: async (ms) => {
      now += ms
    },
  }
  return clock
}

const baseOf = (world: ReturnType<typeof servers>, marker: boolean, clock = instantClock()) =>
  new MysqlBase({
    primary: world.primary,
    refill: world.refill,
    marker: marker ? { database: 'd', table: 'ranktide_marker' } : undefined,
    feed: 'f',
    overlapMs: 10_000,
    visibleMs: 1_000,
    budget: new RefillBudget({ concurrency: 4, perMinute: 60 }, clock),
    clock,
  })

const expected = { rows: [{ key: '7', image: ['7', '42'] }], complete: true }

describe('a reading proven by a marker', () => {
  test('is taken after the marker has been committed', async () => {
    const world = servers(0)
    await expect(baseOf(world, true).read({ board, limit: 2 })).resolves.toEqual(expected)
    expect(world.steps).toEqual(['mark', 'snapshot', 'rows', 'close'])
  })

  test('is taken again while the server that is read does not show the marker', async () => {
    const world = servers(2)
    await expect(baseOf(world, true).read({ board, limit: 2 })).resolves.toEqual(expected)
    expect(world.steps).toEqual(['mark', 'snapshot', 'close', 'snapshot', 'close', 'snapshot', 'rows', 'close'])
  })

  test('fails when the marker does not show in time, and reads no rows', async () => {
    const world = servers(1_000)
    await expect(baseOf(world, true).read({ board, limit: 2 })).rejects.toMatchObject({
      code: 'DATABASE_TIMEOUT',
      detail: expect.stringContaining('replica:3306'),
    })
    expect(world.steps).not.toContain('rows')
  })
})

describe('where no marker may be written', () => {
  test('the overlap is waited out before the snapshot is taken', async () => {
    const world = servers(0)
    const clock = instantClock()
    const base = baseOf(world, false, {
      ...clock,
      wait: (ms) => {
        world.steps.push(`wait ${ms}`)
        return clock.wait(ms)
      },
    })
    expect(base.marks).toBe(false)
    await expect(base.read({ board, limit: 2 })).resolves.toEqual(expected)
    expect(world.steps).toEqual(['wait 10000', 'snapshot', 'rows', 'close'])
  })

  test('asking for a marker is refused', async () => {
    await expect(baseOf(servers(0), false).mark('n')).rejects.toMatchObject({ code: 'DATABASE_DENIED' })
  })

  test('closing ends the wait', async () => {
    const wait: Clock['wait'] = (_, signal) =>
      new Promise((_resolve, reject) => signal?.addEventListener('abort', () => reject(new Error('aborted'))))
    const base = baseOf(servers(0), false, { now: () => 0, wait })
    const reading = base.read({ board, limit: 2 })
    base.close()
    await expect(reading).rejects.toMatchObject({ code: 'DATABASE_UNREACHABLE' })
  })
})
