import { expect, test } from 'vitest'
import type { DeadLetter, RefusedRecord } from '../../src/operators/ports.js'
import { notePassing, tellPassed } from '../../src/operators/tell-passed.js'
import { decodedRead } from '../support/decoded-reads.js'

const refused = (offset: number): RefusedRecord => ({
  message: { ...decodedRead(offset).message, value: new Uint8Array(9) },
  refusal: { code: 'PARSE', detail: 'x' },
})
const partition = ({ message }: RefusedRecord) => `${message.topic}/${message.partition}`

test('events are told once their offsets are committed, once, and without what they held', () => {
  const told: (readonly DeadLetter[])[] = []
  const passed = (letters: readonly DeadLetter[]) => {
    told.push(letters)
    return []
  }
  const ports = { name: 'counters.reads', deadLetters: { passed } }
  const generation = { unpassed: [] as RefusedRecord[] }
  notePassing(generation, [refused(3), refused(5)])
  const at = (next: number) => new Map([[partition(refused(0)), next]])
  tellPassed(ports, generation, at(3))
  expect(told).toEqual([])
  tellPassed(ports, generation, at(5))
  tellPassed(ports, generation, at(5))
  expect(told).toMatchObject([[{ feed: 'counters.reads', message: { offset: 3, value: null } }]])
  tellPassed(ports, generation, at(6))
  expect(told).toHaveLength(2)
  expect(generation.unpassed).toEqual([])
})

test('that it could not be told stops nothing', async () => {
  const generation = { unpassed: [] as RefusedRecord[] }
  notePassing(generation, [refused(3)])
  const failing = { name: 'c', deadLetters: { passed: () => Promise.reject(new Error('away')) } }
  tellPassed(failing, generation, new Map([[partition(refused(0)), 9]]))
  await new Promise((resolve) => setImmediate(resolve))
  tellPassed({ name: 'c', deadLetters: {} }, generation, new Map())
})
