/**
 * Laws that hold whatever the feed looks like: the same writes come to the same board however they are cut into batches
 * and windows, spread over partitions and sent again; a smaller board is the beginning of a larger one; what was applied
 * before costs no command.
 */
import fc from 'fast-check'
import { describe, expect } from 'vitest'
import { testHistories } from '../support/check-histories.js'
import { QuietPipeline } from '../support/quiet-pipeline.js'
import { SimulatedWorld } from '../support/simulated-world.js'

interface Write {
  readonly key: number
  /** Null deletes the row. */
  readonly likes: number | null
}

interface Way {
  readonly partitions: number
  readonly batch: number
  readonly window: { readonly events: number; readonly time: number }
  /** After how many writes Canal goes back, and by how much. */
  readonly resends: readonly { readonly after: number; readonly back: number }[]
  /** Writes made before the boards are filled. */
  readonly before: number
}

const writes: fc.Arbitrary<Write[]> = fc.array(
  fc.record({ key: fc.nat(11), likes: fc.option(fc.integer({ min: -2, max: 6 })) }),
  { maxLength: 40 },
)
const way: fc.Arbitrary<Way> = fc.record({
  partitions: fc.integer({ min: 1, max: 3 }),
  batch: fc.integer({ min: 1, max: 9 }),
  window: fc.record({ events: fc.integer({ min: 1, max: 20 }), time: fc.constantFrom(0, 5, 40) }),
  resends: fc.array(fc.record({ after: fc.nat(40), back: fc.integer({ min: 1, max: 12 }) }), { maxLength: 3 }),
  before: fc.nat(40),
})
const size = fc.integer({ min: 1, max: 6 })

const write = (world: SimulatedWorld, { key, likes }: Write): void =>
  world.write(String(key), likes === null ? null : [String(key), String(likes), '0'], 1_700_000_000_000)

const settled = (
  all: readonly Write[],
  n: number,
  { partitions, batch, window, resends, before }: Way,
): QuietPipeline => {
  const world = new SimulatedWorld(partitions)
  for (const one of all.slice(0, before)) write(world, one)
  const pipeline = new QuietPipeline(world, n, window)
  pipeline.rest(batch)
  for (const [i, one] of all.slice(before).entries()) {
    write(world, one)
    for (const { after, back } of resends)
      if (after === i) {
        pipeline.rest(batch)
        world.rewind(back)
      }
  }
  pipeline.rest(batch)
  pipeline.stop()
  return pipeline
}

const histories = 1_500

describe('laws', () => {
  testHistories(
    'any batches, windows, partitions and duplicates come to the same zset',
    histories,
    fc.tuple(writes, size, way, way),
    ([all, n, one, other]) => expect(settled(all, n, one).zset).toEqual(settled(all, n, other).zset),
  )

  testHistories(
    'a smaller board is the beginning of a larger one',
    histories,
    fc.tuple(writes, size, size, way),
    ([all, a, b, one]) =>
      expect(settled(all, Math.min(a, b), one).rows).toEqual(
        settled(all, Math.max(a, b), one).rows.slice(0, Math.min(a, b)),
      ),
  )

  testHistories(
    'a range that was applied before sends no member, score or row',
    histories,
    fc.tuple(writes, size, fc.integer({ min: 1, max: 40 })),
    ([all, n, back]) => {
      const world = new SimulatedWorld(1)
      const pipeline = new QuietPipeline(world, n, { events: 1_000, time: 5 })
      for (const one of all) write(world, one)
      pipeline.rest(9)
      const { sent, zset } = pipeline
      world.rewind(back)
      pipeline.rest(1_000)
      pipeline.stop()
      expect({ sent: pipeline.sent, zset: pipeline.zset }).toEqual({ sent, zset })
    },
  )
})
