import { describe, expect, test } from 'vitest'
import {
  headerOf,
  headersOf,
  type LetterSource,
  letterHeaders,
  letterIdentity,
  passedHeaders,
  readEntry,
  settledHeaders,
} from '../../src/core/letter.js'

const source: LetterSource = { feed: 'counters.reads', topic: 'reads', partition: 2, offset: 7, timestamp: 1_700_000 }
const bytes = (headers: Readonly<Record<string, string>>) =>
  Object.entries(headers).map(([name, value]) => ({ [name]: new TextEncoder().encode(value) }))
const read = (headers: Readonly<Record<string, string>>) => readEntry(headersOf(bytes(headers)))

describe('what is written into headers is read back', () => {
  test('a letter, with a code of whichever version, and without a time', () => {
    const refusal = { code: 'A_LATER_CODE', detail: 'at byte 7: “é”' }
    expect(read(letterHeaders(source, refusal))).toEqual({ kind: 'letter', source, ...refusal })
    const timeless = { ...source, timestamp: undefined }
    expect(read(letterHeaders(timeless, refusal))).toMatchObject({ source: timeless })
  })

  test('that it was passed, and that it was settled', () => {
    expect(read(passedHeaders(source))).toEqual({ kind: 'passed', source })
    const settlement = { outcome: 'discarded', reason: 'a load test', by: 'ann@pod', at: 1_800_000 } as const
    expect(read(settledHeaders(source, settlement))).toEqual({ kind: 'settled', source, settlement })
    const bare = { ...settlement, outcome: 'retried', reason: '' } as const
    expect(read(settledHeaders(source, bare))).toEqual({ kind: 'settled', source, settlement: bare })
  })
})

test('records of others are nothing: no headers, half of them, outcomes and numbers that are none', () => {
  expect(readEntry(headersOf(undefined))).toBeUndefined()
  expect(read({ 'ranktide-code': 'PARSE' })).toBeUndefined()
  expect(read({ ...letterHeaders(source, { code: 'PARSE', detail: '' }), 'ranktide-offset': '-1' })).toBeUndefined()
  const settled = settledHeaders(source, { outcome: 'retried', reason: '', by: 'a', at: 1 })
  expect(read({ ...settled, 'ranktide-settled': 'lost' })).toBeUndefined()
  expect(read({ ...settled, 'ranktide-at': 'soon' })).toBeUndefined()
})

test('one header is found in either form; of several the last one counts', () => {
  expect(headerOf([...bytes({ a: '1' }), ...bytes({ b: '2', a: '3' })], 'a')).toBe('3')
  expect(headerOf({ a: '1' }, 'a')).toBe('1')
  expect(headerOf({ a: '1' }, 'b')).toBeUndefined()
})

test('messages differ by pipeline, place and time: a topic that is made anew has the same offsets again', () => {
  const others: LetterSource[] = [
    { ...source, feed: 'history' },
    { ...source, topic: 'reads2' },
    { ...source, partition: 1 },
    { ...source, offset: 8 },
    { ...source, timestamp: 1 },
    { ...source, timestamp: undefined },
  ]
  expect(new Set([source, ...others].map(letterIdentity)).size).toBe(7)
})
