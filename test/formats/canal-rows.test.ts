/** Row messages of Canal: cases 1–24, 49–55, 83 and 84 of the decoder's contract. */
import { isRight } from 'fp-ts/lib/Either.js'
import { describe, expect, it } from 'vitest'
import { canalJson } from '../../src/formats/canal-json.js'
import {
  canalMessage,
  es,
  fault,
  type JsonFields,
  jsonBytes,
  scores,
  summaryOf,
  type Told,
  told,
} from '../support/canal-messages.js'
import { bigint, tableShape, varchar } from '../support/table-shapes.js'

const decode = canalJson([scores])
const row = (id: string, score: string | null, name: string | null = 'ann') => ({ id, score, name })
const update = (data: unknown, old: unknown, fields: JsonFields = {}) => ({ type: 'UPDATE', data, old, ...fields })

const nine = Array.from({ length: 9 }, (_, index) => row(String(index + 1), `${index}`))

const cases: readonly (readonly [number, string, JsonFields, Told])[] = [
  [1, 'insert one', {}, [['upsert', '1', ['1', '10', 'ann']]]],
  [2, 'insert many', { data: nine }, nine.map(({ id, score }) => ['upsert', id, [id, score, 'ann']] as const)],
  [
    3,
    'update a subset of columns',
    update([row('1', '11')], [{ score: '10' }]),
    [['upsert', '1', ['1', '11', 'ann'], ['1', '10', 'ann']]],
  ],
  [
    4,
    'update null to a value',
    update([row('1', '11')], [{ score: null }]),
    [['upsert', '1', ['1', '11', 'ann'], ['1', null, 'ann']]],
  ],
  [
    5,
    'update a value to null',
    update([row('1', '11', null)], [{ name: 'x' }]),
    [['upsert', '1', ['1', '11', null], ['1', '11', 'x']]],
  ],
  [
    6,
    'unchanged columns of earlier rows bleed into old',
    update([row('1', '12'), row('3', '30', 'carol')], [{ score: '11' }, { score: '30.0', name: 'cat' }]),
    [
      ['upsert', '1', ['1', '12', 'ann'], ['1', '11', 'ann']],
      ['upsert', '3', ['3', '30', 'carol'], ['3', '30', 'cat']],
    ],
  ],
  [7, 'update with old null', update([row('1', '11')], null), [['upsert', '1', ['1', '11', 'ann']]]],
  [
    8,
    'old shorter than data (Canal up to 1.1.6)',
    update([row('1', '1'), row('2', '2'), row('3', '3')], [{ score: '0' }, { score: '1' }]),
    ['1', '2', '3'].map((id) => ['upsert', id, [id, id, 'ann']] as const),
  ],
  [
    9,
    'old shorter, and one row of it has the key',
    update([row('1', '1'), row('2', '2'), row('3', '3')], [{ score: '0' }, { id: '9' }]),
    fault('OLD_MISALIGNED'),
  ],
  [10, 'old longer than data', update([row('1', '1')], [{ score: '0' }, {}]), fault('OLD_MISALIGNED')],
  [11, 'old row empty', update([row('1', '1')], [{}]), [['upsert', '1', ['1', '1', 'ann'], ['1', '1', 'ann']]]],
  [
    12,
    'old row null',
    update([row('1', '1'), row('2', '2')], [null, { score: '0' }]),
    [
      ['upsert', '1', ['1', '1', 'ann']],
      ['upsert', '2', ['2', '2', 'ann'], ['2', '0', 'ann']],
    ],
  ],
  [
    13,
    'key change',
    update([row('5', '1')], [{ id: '4' }]),
    [
      ['key-change', 'scores'],
      ['delete', '4', ['4', '1', 'ann']],
      ['upsert', '5', ['5', '1', 'ann']],
    ],
  ],
  [
    15,
    'keys shifted in one message',
    update([row('3', '20'), row('2', '10')], [{ id: '2' }, { id: '1' }]),
    [
      ['key-change', 'scores'],
      ['delete', '2', ['2', '20', 'ann']],
      ['upsert', '3', ['3', '20', 'ann']],
      ['key-change', 'scores'],
      ['delete', '1', ['1', '10', 'ann']],
      ['upsert', '2', ['2', '10', 'ann']],
    ],
  ],
  [
    16,
    'delete many',
    { type: 'DELETE', data: [row('1', '1'), row('2', '2')] },
    [
      ['delete', '1', ['1', '1', 'ann']],
      ['delete', '2', ['2', '2', 'ann']],
    ],
  ],
  [
    17,
    'delete with the key only (minimal row image)',
    { type: 'DELETE', data: [{ id: '1' }] },
    [['delete', '1', ['1', undefined, undefined]]],
  ],
  [18, 'update under the minimal row image', update([{ score: '1' }], [{}], { pkNames: null }), fault('ROW_IMAGE')],
  [19, 'insert without a tracked column', { data: [{ id: '1', name: 'ann' }] }, fault('ROW_IMAGE')],
  [20, 'statement', { data: null, sql: "insert into scores values (1, 2, 'x')" }, fault('STATEMENT_FORMAT')],
  [21, 'no rows', { data: [] }, []],
  [22, 'neither rows nor SQL', { type: 'UPDATE', data: null }, fault('EMPTY_ROWS')],
  [23, 'data an object', { data: { id: '1' } }, fault('SHAPE')],
  [24, 'a row an array', { data: [['1']] }, fault('SHAPE')],
  [24, 'a row a string', { data: ['x'] }, fault('SHAPE')],
  [24, 'a row null', { data: [null] }, fault('SHAPE')],
  [24, 'old an object', update([row('1', '1')], { id: '1' }), fault('SHAPE')],
  [24, 'a row of old a string', update([row('1', '1')], ['x']), fault('SHAPE')],
  [51, 'another primary key', { pkNames: ['uid'] }, fault('PK_MISMATCH')],
  [51, 'no primary key any more', { pkNames: null }, fault('PK_MISMATCH')],
  [51, 'the primary key in another case', { pkNames: ['ID'] }, [['upsert', '1', ['1', '10', 'ann']]]],
  [51, 'pkNames not told', { pkNames: undefined }, [['upsert', '1', ['1', '10', 'ann']]]],
  [51, 'pkNames garbage', { pkNames: 'id' }, fault('SHAPE')],
  [52, 'key null', { data: [{ id: null, score: '1', name: 'x' }] }, fault('PK_NULL')],
  [52, 'old key null', update([row('1', '1')], [{ id: null }]), fault('PK_NULL')],
  [54, 'another table, broken rows', { table: 'other', data: [{ id: 1 }, []] }, []],
  [54, 'another database, broken rows', { database: 'other', data: 7 }, []],
  [54, 'the table in another case', { table: 'Scores' }, []],
]

describe('rows of one table', () => {
  it.each(cases)('%i: %s', (_number, _name, fields, expected) => {
    expect(told(decode, canalMessage(fields))).toEqual(expected)
  })

  it('8: thrown away before-images are counted', () => {
    const result = decode(canalMessage(update([row('1', '1'), row('2', '2')], [{ score: '0' }])))
    expect(isRight(result) && result.right.discardedBefore).toBe(1)
  })

  it('one bad row refuses the whole message', () => {
    const rows = [...nine, row('10', 'x'), row('11', '1')]
    expect(told(decode, canalMessage({ data: rows }))).toEqual(fault('SCORE_PARSE'))
  })

  it('every row carries the table and the commit time', () => {
    const result = decode(canalMessage({ data: nine }))
    if (!isRight(result)) throw new Error('refused')
    expect(result.right).toMatchObject({ batchId: 7, es, discardedBefore: 0 })
    for (const event of result.right.events) expect(event).toMatchObject({ kind: 'row', table: scores, es })
  })

  it('more rows or columns than the limit are refused', () => {
    const few = canalJson([scores], { limits: { maxRows: 8, maxColumns: 3 } })
    expect(told(few, canalMessage({ data: nine }))).toEqual(fault('LIMIT'))
    expect(told(few, canalMessage({ data: nine.slice(1) }))).toHaveLength(8)
    expect(told(few, canalMessage({ data: [{ ...row('1', '1'), more: '1' }] }))).toEqual(fault('LIMIT'))
  })
})

describe('keys of several columns, and several boards on one table', () => {
  const pairs = tableShape('shop.pairs', { g: bigint, u: varchar, score: bigint }, ['g', 'u'])
  const byUser = tableShape('shop.pairs', { u: varchar, score: bigint }, ['u'], ['g', 'u'])
  const message = {
    table: 'pairs',
    pkNames: ['g', 'u'],
    type: 'UPDATE',
    data: [{ g: '1', u: 'b:c', score: '6' }],
    old: [{ u: 'a' }],
  }

  it('14: one part of the key changes', () => {
    expect(told(canalJson([pairs]), canalMessage(message))).toEqual([
      ['key-change', 'pairs'],
      ['delete', '1:a', ['1', 'a', '6']],
      ['upsert', '1:b%3Ac', ['1', 'b:c', '6']],
    ])
  })

  it('each shape of the table gets its own changes', () => {
    const fields = { ...message, old: [{ g: '0', score: '5' }] }
    expect(told(canalJson([pairs, byUser]), canalMessage(fields))).toEqual([
      ['key-change', 'pairs'],
      ['delete', '0:b%3Ac', ['0', 'b:c', '5']],
      ['upsert', '1:b%3Ac', ['1', 'b:c', '6']],
      ['upsert', 'b:c', ['b:c', '6'], ['b:c', '5']],
    ])
  })

  it('a refusal names every shape of the table, and no other', () => {
    const bad = canalMessage({ ...message, data: [{ g: '1', u: 'x', score: 'none' }], old: null })
    expect(told(canalJson([scores, pairs, byUser]), bad)).toEqual(fault('SCORE_PARSE', pairs.id, byUser.id))
  })
})

describe('tables without a primary key', () => {
  const columns = { a: bigint, b: varchar }
  const insert = {
    table: 'nopk',
    pkNames: null,
    data: [
      { a: '1', b: 'x' },
      { a: '1', b: 'x' },
    ],
  }

  it('49: the configured key identifies the rows', () => {
    const decodeByKey = canalJson([tableShape('shop.nopk', columns, ['a'], [])])
    expect(told(decodeByKey, canalMessage(insert))).toEqual([
      ['upsert', '1', ['1', 'x']],
      ['upsert', '1', ['1', 'x']],
    ])
    const implicit = { ...insert, pkNames: ['__#alibaba_rds_row_id#__'] }
    expect(told(decodeByKey, canalMessage(implicit))).toHaveLength(2)
  })

  it.each([50, 53])('%i: without a key the rows cannot be told apart', () => {
    const decodeNoKey = canalJson([tableShape('shop.nopk', columns, [])])
    expect(told(decodeNoKey, canalMessage(insert))).toEqual(fault('NO_PK', 'shop.nopk()'))
  })
})

it('55: shards are tables of their own; a name is never a pattern', () => {
  const shards = Array.from({ length: 32 }, (_, shard) =>
    tableShape(`shop.order_${String(shard).padStart(2, '0')}`, { id: bigint, score: bigint }, ['id']),
  )
  const decodeShards = canalJson(shards)
  for (const { table, id } of shards) {
    const result = decodeShards(canalMessage({ table, data: [{ id: '1', score: '2' }] }))
    if (!isRight(result)) throw new Error('refused')
    expect(result.right.events.map((event) => (event.kind === 'row' ? event.table.id : ''))).toEqual([id])
  }
  for (const table of ['order_32', 'order_0', 'order__0', 'order_00_del']) {
    expect(told(decodeShards, canalMessage({ table, data: [{ id: '1', score: '2' }] }))).toEqual([])
  }
})

describe('messages sent again', () => {
  const sent = ['1', '2', '3'].map((score) => canalMessage({ type: 'UPDATE', data: [row('7', score)] }))
  const foldOf = (order: readonly number[]) => {
    const table = new Map<string, unknown>()
    for (const index of order) {
      const message = sent[index]
      if (message === undefined) throw new Error('no such message')
      const result = decode(message)
      if (!isRight(result)) throw new Error('refused')
      for (const event of result.right.events) {
        const [, key, after] = summaryOf(event)
        table.set(key, after)
      }
    }
    return [...table.values()]
  }

  it('83: A B A B C ends with C', () => {
    expect(foldOf([0, 1, 0, 1, 2])).toEqual([['7', '3', 'ann']])
  })

  it('84: r1 r3 r1 r2 r3: nothing is skipped, the end is r3; without the last, r2', () => {
    expect(foldOf([0, 2, 0, 1, 2])).toEqual([['7', '3', 'ann']])
    expect(foldOf([0, 2, 0, 1])).toEqual([['7', '2', 'ann']])
  })
})

describe('markers', () => {
  const marking = canalJson([scores], { marker: { database: 'shop', table: 'ranktide_marker' } })
  const marker = (fields: JsonFields) => canalMessage({ table: 'ranktide_marker', pkNames: ['feed'], ...fields })

  it('come back from an insert and from an update, in order', () => {
    const data = [
      { feed: 'a', nonce: 'n1' },
      { feed: 'b', nonce: 'n2' },
    ]
    const expected = [
      ['marker', 'n1'],
      ['marker', 'n2'],
    ]
    expect(told(marking, marker({ data }))).toEqual(expected)
    expect(told(marking, marker({ type: 'UPDATE', data, old: [{ nonce: 'n0' }, {}] }))).toEqual(expected)
  })

  it.each<readonly [string, JsonFields]>([
    ['a delete', { type: 'DELETE', data: [{ feed: 'a', nonce: 'n1' }] }],
    ['DDL', { type: 'TRUNCATE', isDdl: true, data: null, sql: 'truncate table ranktide_marker' }],
    ['a nonce that is no text', { data: [{ nonce: 1 }, { nonce: null }, {}, null, 'x'] }],
    ['no rows', { data: null }],
  ])('%s says nothing', (_name, fields) => {
    expect(told(marking, marker(fields))).toEqual([])
  })

  it('are nothing to a decoder without a marker table', () => {
    expect(told(decode, jsonBytes({ database: 'shop', table: 'ranktide_marker', type: 'INSERT' }))).toEqual([])
  })
})
