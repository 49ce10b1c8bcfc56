// A replay that is told to stop: it ends with what it was told, and what it has come to is as it was then.
import { Observable, of, Subject } from 'rxjs'
import { expect, it } from 'vitest'
import { RanktideError } from '../../src/core/errors.js'
import { canalJson } from '../../src/formats/canal-json.js'
import type { MessageBatch } from '../../src/operators/ports.js'
import { nothingRead, RangeBase } from '../../src/replay/range-base.js'
import { replayRange } from '../../src/replay/replay-range.js'
import { canalMessage, scores, scoresBoard } from '../support/canal-messages.js'

const stopped = new RanktideError('REPLAY_STOPPED', 'by a test')
const value = canalMessage()
const total = 100

/** A batch a message, each in a turn of its own; it is not asked how many of them are read. */
const batches = (): Observable<MessageBatch> =>
  new Observable((subscriber) => {
    let next = 0
    const hand = (): void => {
      if (next > total) subscriber.complete()
      if (subscriber.closed) return
      const offset = next - 1
      const messages = next === 0 ? [] : [{ topic: 't', partition: 0, offset, key: null, value, timestamp: undefined }]
      const positions = new Map([['t/0', next]])
      next += 1
      subscriber.next({ messages, positions, release: () => setImmediate(hand) })
    }
    hand()
  })

const turns = async (count: number): Promise<void> => {
  for (let turn = 0; turn < count; turn++) await new Promise((resolve) => setImmediate(resolve))
}

const replay = (base: RangeBase, stop$: Observable<RanktideError>): Promise<unknown> =>
  replayRange({ spec: scoresBoard, decode: canalJson([scores]), batches, base, window: { events: 1, time: 0 }, stop$ })

it('reads nothing where it was told before it began', async () => {
  const base = new RangeBase(nothingRead())
  await expect(replay(base, of(stopped))).rejects.toBe(stopped)
  await turns(2 * total)
  expect(base.state.messages).toBe(0)
})

it('reads nothing more once it has ended', async () => {
  const base = new RangeBase(nothingRead())
  const stop$ = new Subject<RanktideError>()
  const ended = replay(base, stop$)
  await turns(total / 2)
  stop$.next(stopped)
  await expect(ended).rejects.toBe(stopped)
  const { messages } = base.state
  expect(messages).toBeGreaterThan(0)
  await turns(2 * total)
  expect(base.state.messages).toBe(messages)
  expect(messages).toBeLessThan(total)
})
