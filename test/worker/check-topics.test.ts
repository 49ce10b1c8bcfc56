import { expect, test } from 'vitest'
import { topicDoubt } from '../../src/worker/check-topics.js'

const message = (value: unknown) => ({
  topic: 'webook',
  partition: 0,
  offset: 0,
  key: null,
  value: value === null ? null : Buffer.from(typeof value === 'string' ? value : JSON.stringify(value)),
  timestamp: undefined,
})
const change = (name: string) => {
  const [database, table] = name.split('.')
  return message({ data: [], database, table, type: 'UPDATE', isDdl: false })
}
const statement = message({ data: null, database: '', table: '', type: 'QUERY', isDdl: false })
const doubt = (...messages: ReturnType<typeof message>[]) => topicDoubt(messages, ['webook.interactives'])

test('a topic that carries one of its tables is not doubted, whatever else it carries', () => {
  expect(doubt(change('webook.comments'), change('webook.interactives'), message('no JSON'))).toBeUndefined()
})

test('an empty topic, and one with statements only, say nothing', () => {
  expect(doubt()).toBeUndefined()
  expect(doubt(statement)).toBeUndefined()
})

test("other tables' messages only: which, and the question", () => {
  expect(doubt(change('shop.offers'), change('shop.offers'), statement)).toBe(
    '; its last 3 messages are of shop.offers, none of webook.interactives: is it the topic that Canal writes?',
  )
  const many = ['a', 'b', 'c', 'd'].map((table) => change(`shop.${table}`))
  expect(doubt(...many)).toContain('shop.a, shop.b, shop.c and others')
  // Names are compared as Canal sends them.
  expect(doubt(change('webook.Interactives'))).toContain('webook.Interactives')
})

test.each([
  ['text', 'hello'],
  ['protobuf', '\u0008\u0096\u0001'],
  ['no bytes', null],
  ["another producer's JSON", { payload: { op: 'u' } }],
  ['JSON that is no object', '17'],
])('%s is no message of Canal', (_, value) => {
  expect(doubt(message(value))).toBe(
    "; none of its last 1 messages is one of Canal's flat JSON messages: canal.mq.flatMessage=true?",
  )
})
