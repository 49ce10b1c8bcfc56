import { pino } from 'pino'
import { VirtualTimeScheduler } from 'rxjs'
import { expect, test } from 'vitest'
import { obeyHeals } from '../../src/worker/obey-heals.js'

test('asks once a second while the lease is held, over failures, and doubts what it is told', async () => {
  const answers = [[], ['likes'], undefined, ['reads', 'likes'], ['never taken']]
  let held = true
  let asked = 0
  const doubted: (readonly string[])[] = []
  const emitted: (readonly string[])[] = []
  const store = {
    takeHealRequests: (): Promise<readonly string[]> => {
      const answer = answers[asked]
      asked += 1
      return answer === undefined ? Promise.reject(new Error('Redis is away')) : Promise.resolve(answer)
    },
  }
  const ports = { name: 'feed', lease: { holds: () => held }, store, log: pino({ level: 'silent' }) }
  const scheduler = new VirtualTimeScheduler(undefined, 0)
  const heals = obeyHeals(ports, (boards) => doubted.push(boards), scheduler).subscribe((one) => emitted.push(one))
  for (let second = 1; second <= 6; second++) {
    if (second === 5) held = false
    scheduler.maxFrames = second * 1_000
    scheduler.flush()
    await new Promise((resolve) => setImmediate(resolve))
  }
  heals.unsubscribe()
  expect(asked).toBe(4)
  expect(emitted).toEqual([['likes'], ['reads', 'likes']])
  expect(doubted).toEqual(emitted)
})
