/** The first row is deleted again and again: that costs few queries, however long it goes on, and the board stays exact. */
import { expect, test } from 'vitest'
import { oracleTop } from '../support/board-oracle.js'
import { likesBoard, QuietPipeline } from '../support/quiet-pipeline.js'
import { SimulatedWorld } from '../support/simulated-world.js'

const size = 100

test('10,000 deletions of the first of 12,000 rows cost at most 20 refills', { timeout: 120_000 }, () => {
  const world = new SimulatedWorld(1)
  const es = 1_700_000_000_000
  const rows = 12_000
  for (let key = 0; key < rows; key++) world.write(String(key), [String(key), String(rows - key), '0'], es)
  const pipeline = new QuietPipeline(world, size, { events: 1_000, time: 5 }, 2 * size)
  pipeline.rest(1_000)
  const filled = pipeline.base.reads
  for (let key = 0; key < 10_000; key++) {
    world.write(String(key), null, es)
    if (key % 40 === 39) pipeline.rest(1_000)
  }
  pipeline.rest(1_000)
  expect(pipeline.rows).toEqual(oracleTop(likesBoard(size), world.rows))
  const refills = pipeline.base.reads - filled
  pipeline.stop()
  expect(refills).toBeGreaterThan(3)
  expect(refills).toBeLessThanOrEqual(20)
})
