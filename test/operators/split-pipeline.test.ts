// Split boards through the whole pipeline, over a simulated world and a store in memory: what comes to be in Redis.
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { SimulatedSplit } from '../support/simulated-split.js'

describe('a split board', () => {
  let split: SimulatedSplit

  beforeEach(() => {
    split = new SimulatedSplit(3)
  })
  afterEach(() => split.stop())

  it('has one board for each value, registered, and none for NULL', () => {
    split.write(1, 5, 'a')
    split.write(2, 7, 'a')
    split.write(3, 6, 'b/{c}')
    split.write(4, 9, null)
    split.start()
    split.rest()
    expect(split.members('a')).toEqual(['2', '1'])
    expect(split.members('b/{c}')).toEqual(['3'])
    expect(split.groups).toEqual(['a', 'b/{c}'])
    expect(split.whole).toMatchObject({ status: { state: 'exact' }, complete: true })
  })

  it('moves a row from one board to the other in one publish', () => {
    split.write(1, 5, 'a')
    split.write(2, 4, 'a')
    split.write(3, 4, 'b')
    split.start()
    split.rest()
    split.publishes.length = 0
    split.write(1, 5, 'c')
    split.write(1, 5, 'b')
    split.rest()
    expect(split.members('a')).toEqual(['2'])
    expect(split.members('b')).toEqual(['1', '3'])
    expect(split.publishes).toEqual([['likes/a', 'likes/b']])
  })

  it('deletes the board of a value whose last row goes, and makes it again when one comes', () => {
    split.write(1, 5, 'a')
    split.write(2, 5, 'b')
    split.start()
    split.rest()
    split.write(1, null, null)
    split.rest()
    expect([split.groups, split.keys]).toEqual([['b'], ['likes', 'likes/b']])
    split.write(3, 1, 'a')
    split.rest()
    expect([split.groups, split.members('a')]).toEqual([['a', 'b'], ['3']])
  })

  it('starts again without a query, and writes nothing for groups that stand', () => {
    for (let id = 0; id < 40; id++) split.write(id, id, `g${id % 9}`)
    split.start()
    split.rest()
    split.write(100, 1, 'g1')
    split.restart()
    split.publishes.length = 0
    split.rest()
    expect(split.reads).toBe(0)
    expect(split.members('g1')).toEqual(['37', '28', '19'])
    const groups = split.publishes.flat().filter((name) => name !== 'likes')
    expect(groups).toEqual([])
  })

  it('reads anew what nobody vouches for, and nothing else', () => {
    for (let id = 0; id < 12; id++) split.write(id, id, `g${id % 4}`)
    split.start()
    split.rest()
    split.stop()
    split.distrust('g1')
    split.start()
    split.rest()
    expect(split.reads).toBe(1)
    expect(split.groups).toEqual(['g0', 'g1', 'g2', 'g3'])
  })

  it('sweeps a group that vanished while nobody watched, known or not', () => {
    split.write(1, 5, 'a')
    split.write(2, 5, 'b')
    split.write(3, 5, 'c')
    split.start()
    split.rest()
    split.stop()
    split.distrust('a')
    split.write(1, null, null)
    split.write(3, null, null)
    split.start()
    split.rest()
    expect([split.groups, split.keys]).toEqual([['b'], ['likes', 'likes/b']])
  })

  it('puts everything back after a flush', () => {
    for (let id = 0; id < 30; id++) split.write(id, id, `g${id % 7}`)
    split.start()
    split.rest()
    split.redis.flush()
    split.rest()
    expect(split.groups).toHaveLength(7)
    split.restart()
    split.rest()
    expect(split.reads).toBe(0)
  })

  it('finds and heals foreign writes to a group, and a group whose keys are gone', () => {
    for (let id = 0; id < 30; id++) split.write(id, id, `g${id % 7}`)
    split.start()
    split.rest()
    split.redis.boards.get('likes/g3')?.scores.set('thief', 99)
    split.redis.boards.delete('likes/g4')
    split.redis.tampered.add('likes/g3')
    split.redis.unnoticed.add('likes/g4')
    split.rest(20_000)
    expect(split.members('g4')).toEqual(['25', '18', '11'])
  })

  it('goes through many groups by rounds of a thousand', { timeout: 60_000 }, () => {
    for (let id = 0; id < 2_300; id++) split.write(id, 1, `g${id}`)
    split.start()
    split.rest()
    expect(split.groups).toHaveLength(2_300)
    expect(Math.max(...split.publishes.map(({ length }) => length))).toBeLessThanOrEqual(1_001)
  })
})
