import { lastValueFrom } from 'rxjs'
import { expect, test } from 'vitest'
import { MemoryDeadLetters } from '../../src/sources/memory-dead-letters.js'
import { deadLettersConformance, foundAs, letter } from '../conformance/dead-letters.js'

deadLettersConformance('memory', async () => {
  const deadLetters = new MemoryDeadLetters()
  return {
    deadLetters,
    found: async () => deadLetters.letters.map(foundAs),
    setWritable: async (writable) => {
      deadLetters.writable = writable
    },
    close: async () => {},
  }
})

test('memory keeps no more than it was told to, and those are the latest', async () => {
  const deadLetters = new MemoryDeadLetters(2)
  await lastValueFrom(deadLetters.write([1, 2, 3].map((offset) => letter(offset, null))))
  expect(deadLetters.letters.map(({ message }) => message.offset)).toEqual([2, 3])
})
