/** Values as Canal writes them: cases 25–48 of the decoder's contract. */
import { describe, expect, it } from 'vitest'
import type { ColumnType } from '../../src/core/table.js'
import { canalJson } from '../../src/formats/canal-json.js'
import { canalMessage, fault, type JsonFields, scores, type Told, textBytes, told } from '../support/canal-messages.js'
import {
  bigint,
  bytes,
  datetime,
  decimal,
  tableShape,
  timestamp,
  unsignedBigint,
  varchar,
} from '../support/table-shapes.js'

const strict = canalJson([scores])
const lenient = canalJson([scores], { lenientScalars: true })

/** The canonical text of `raw` in a column of this type, or the fault. */
const readValue = (type: ColumnType, raw: unknown, options = {}): unknown => {
  const shape = tableShape('shop.scores', { id: bigint, v: type }, ['id'])
  const result = told(canalJson([shape], options), canalMessage({ data: [{ id: '1', v: raw }] }))
  if (!('length' in result)) return result.fault
  const [, , after] = result[0] ?? []
  return Array.isArray(after) ? after[1] : undefined
}

/** The member of a row whose key column has this type. */
const memberOf = (type: ColumnType, raw: string): unknown => {
  const shape = tableShape('shop.scores', { k: type }, ['k'])
  const result = told(canalJson([shape]), canalMessage({ pkNames: ['k'], data: [{ k: raw }] }))
  return 'length' in result ? result[0]?.[1] : result.fault
}

const float: ColumnType = { kind: 'float' }
const double: ColumnType = { kind: 'double' }
const year: ColumnType = { kind: 'year' }
const bit: ColumnType = { kind: 'bit' }
const tier: ColumnType = { kind: 'enum', labels: ['bronze', 'silver', 'gold'] }
const tags: ColumnType = { kind: 'set', labels: ['a', 'b', 'c'] }
const widest: ColumnType = { kind: 'set', labels: Array.from({ length: 64 }, (_, index) => `l${index}`) }
const digits65 = `${'9'.repeat(35)}.${'1'.repeat(30)}`

const canonical: readonly (readonly [number, string, ColumnType, string | null, string | null])[] = [
  [28, 'NULL', varchar, null, null],
  [28, 'the text null', varchar, 'null', 'null'],
  [28, 'the empty string', varchar, '', ''],
  [29, 'unsigned maximum', unsignedBigint, '18446744073709551615', '18446744073709551615'],
  [29, 'one less', unsignedBigint, '18446744073709551614', '18446744073709551614'],
  [31, 'smallest bigint', bigint, '-9223372036854775808', '-9223372036854775808'],
  [32, 'scale 1', decimal, '10.0', '10'],
  [32, 'scale 4', decimal, '10.0000', '10'],
  [32, 'scale 0', decimal, '10', '10'],
  [33, '65 digits', decimal, digits65, digits65],
  [33, '65 digits, negative, padded', decimal, `-00${digits65}000`, `-${digits65}`],
  [34, 'negative zero', decimal, '-0.0', '0'],
  [34, 'negative zero as a double', double, '-0.0', '0'],
  [35, 'exponent up', double, '1.0E10', '10000000000'],
  [35, 'exponent down', double, '1.0E-7', '1e-7'],
  [35, 'float exponent', float, '-3.4E38', '-3.4e+38'],
  [35, 'a float that went through a double', float, '3.140000104904175', '3.14'],
  [35, 'largest double', double, '1.7976931348623157E308', '1.7976931348623157e+308'],
  [38, 'enum', tier, '3', 'gold'],
  [38, 'enum, no label', tier, '0', ''],
  [38, 'set', tags, '5', 'a,c'],
  [38, 'empty set', tags, '0', ''],
  [38, 'set of 64 labels, the last', widest, '9223372036854775808', 'l63'],
  [38, 'set of 64 labels, signed', widest, '-9223372036854775808', 'l63'],
  [38, 'bit', bit, '129', '129'],
  [38, '64 bits', bit, '18446744073709551615', '18446744073709551615'],
  [39, 'zero date', datetime, '0000-00-00 00:00:00', '0000-00-00 00:00:00'],
  [39, 'fraction', datetime, '2026-11-21 09:00:00.120', '2026-11-21 09:00:00.12'],
  [39, 'fraction of zeros', timestamp, '2026-11-21 09:00:00.000000', '2026-11-21 09:00:00'],
  [39, 'time', datetime, '-12:34:56.78', '-12:34:56.78'],
  [39, 'year', year, '0000', '0'],
  [40, 'bytes', bytes, '\u0000ÿ\u0010', '\u0000ÿ\u0010'],
  [41, 'padded bytes', bytes, 'a\0\0\0', 'a'],
  [43, 'emoji, quotes, newline', varchar, 'Ünï😀 "q" \\ \n\u2028\ufeff\0 ', 'Ünï😀 "q" \\ \n\u2028\ufeff\0 '],
  [44, 'half a surrogate pair as data', varchar, '\ud83d', '\ud83d'],
  [42, 'a replacement character as data', varchar, 'caf\uFFFD', 'caf\uFFFD'],
]

const refused: readonly (readonly [number, string, ColumnType, unknown, string])[] = [
  [25, 'number', bigint, 1, 'VALUE_TYPE'],
  [27, 'object', decimal, {}, 'VALUE_TYPE'],
  [27, 'array', decimal, [], 'VALUE_TYPE'],
  [27, 'boolean', decimal, true, 'VALUE_TYPE'],
  [35, 'exponent in a decimal', decimal, '1.0E10', 'SCORE_PARSE'],
  [35, 'exponent in an integer', bigint, '1E3', 'SCORE_PARSE'],
  [36, 'digits and letters', decimal, '12abc', 'SCORE_PARSE'],
  [36, 'a space in front', decimal, ' 12', 'SCORE_PARSE'],
  [36, 'a newline behind', bigint, '12\n', 'SCORE_PARSE'],
  [36, 'hexadecimal', bigint, '0x1f', 'SCORE_PARSE'],
  [36, 'NaN', double, 'NaN', 'SCORE_PARSE'],
  [36, 'Infinity', double, 'Infinity', 'SCORE_PARSE'],
  [36, 'too large for a double', double, '1e999', 'SCORE_PARSE'],
  [36, 'empty', bigint, '', 'SCORE_PARSE'],
  [36, 'a fraction in an integer', bigint, '1.5', 'SCORE_PARSE'],
  [36, 'other digits', bigint, '１２', 'SCORE_PARSE'],
  [36, 'a thousand digits and more', decimal, '1'.repeat(1001), 'LIMIT'],
  [38, 'enum index beyond the labels', tier, '4', 'VALUE_TYPE'],
  [38, 'enum label', tier, 'gold', 'VALUE_TYPE'],
  [38, 'negative enum index', tier, '-1', 'VALUE_TYPE'],
  [38, 'set bit beyond the labels', tags, '8', 'VALUE_TYPE'],
  [38, 'set labels', tags, 'a,c', 'VALUE_TYPE'],
]

describe('values', () => {
  it.each(canonical)('%i: %s', (_number, _name, type, raw, expected) => {
    expect(readValue(type, raw)).toBe(expected)
  })

  it.each(refused)('%i: %s is refused', (_number, _name, type, raw, code) => {
    expect(readValue(type, raw)).toBe(code)
  })

  it('37: a NULL score is NULL, never 0', () => {
    expect(readValue(decimal, null)).toBe(null)
  })

  it('the before-image is held to the same rules', () => {
    const broken = { type: 'UPDATE', data: [{ id: '1', score: '1', name: 'x' }], old: [{ score: '1x' }] }
    expect(told(strict, canalMessage(broken))).toEqual(fault('SCORE_PARSE'))
  })
})

describe('keys', () => {
  it('30: neighbours beyond 2^53 are two members', () => {
    expect(memberOf(unsignedBigint, '9007199254740992')).toBe('9007199254740992')
    expect(memberOf(unsignedBigint, '9007199254740993')).toBe('9007199254740993')
  })

  it('32, 41: one key whatever its scale or padding', () => {
    expect(memberOf(decimal, '10.0')).toBe(memberOf(decimal, '10.0000'))
    expect(memberOf(bytes, 'a')).toBe(memberOf(bytes, 'a\0\0\0'))
  })

  it.each([
    [42, 'a replacement character', varchar, 'caf\uFFFD'],
    [44, 'half a surrogate pair', varchar, 'x\ud83d'],
    [40, 'bytes that are none', bytes, 'Ā'],
  ] as const)('%i: %s is refused', (_number, _name, type, raw) => {
    expect(memberOf(type, raw)).toBe('CHARSET')
  })

  it('43: emoji are keys like others', () => {
    expect(memberOf(varchar, '😀')).toBe('😀')
  })
})

describe('lenient scalars', () => {
  const row = (fields: string) =>
    textBytes(`{"data":[{"id":"1","name":"x",${fields}}],"database":"shop","es":0,"id":1,
    "isDdl":false,"mysqlType":{"id":"bigint"},"pkNames":["id"],"sqlType":{"id":-5},"table":"scores","type":"INSERT"}`)
  const scoreOf = (fields: string): Told => told(lenient, row(fields))

  it.each([
    [25, '1', '1'],
    [25, '-1.50', '-1.5'],
    [26, '18446744073709551615', '18446744073709551615'],
    [26, '12345678901234567890.12345678901234567890', '12345678901234567890.1234567890123456789'],
    [27, 'true', '1'],
    [27, 'false', '0'],
  ] as const)('%i: %s', (_number, json, expected) => {
    expect(scoreOf(`"score" : ${json} `)).toEqual([['upsert', '1', ['1', expected, 'x']]])
    expect(told(strict, row(`"score":${json}`))).toEqual(fault('VALUE_TYPE'))
  })

  it.each(['{}', '[]', '[1]', '{"a":1}'])('27: %s stays refused', (json) => {
    expect(scoreOf(`"score":${json}`)).toEqual(fault('VALUE_TYPE'))
  })

  it.each(['01', '1.', '.5', '+1', '-', '1e', '--1', '1 2', '1-1'])('quotes repair nothing: %s', (json) => {
    expect(scoreOf(`"score":${json}`)).toEqual({ fault: 'PARSE', tables: undefined })
  })

  it('a number in the place of a key stays an error, digits in strings stay as they are', () => {
    expect(scoreOf('1:"x"')).toEqual({ fault: 'PARSE', tables: undefined })
    expect(scoreOf(String.raw`"score":3,"other":"a\":1,\\"`)).toEqual([['upsert', '1', ['1', '3', 'x']]])
  })

  it('the batch number stays a number', () => {
    expect(lenient(canalMessage())).toMatchObject({ right: { batchId: 7 } })
  })
})

describe('column names', () => {
  const upsert = [['upsert', '1', ['1', '10', 'ann']]]
  const named = (data: JsonFields) => told(strict, canalMessage({ data: [data] }))

  it('45: case does not matter', () => {
    expect(named({ ID: '1', Score: '10', nAME: 'ann' })).toEqual(upsert)
  })

  it('45: old is matched in its own case', () => {
    const message = { type: 'UPDATE', data: [{ id: '1', score: '2', name: 'x' }], old: [{ ID: '9' }] }
    expect(told(strict, canalMessage(message))).toEqual([
      ['key-change', 'scores'],
      ['delete', '9', ['9', '2', 'x']],
      ['upsert', '1', ['1', '2', 'x']],
    ])
  })

  it('45: two columns that differ by case are ambiguous, in any row', () => {
    expect(named({ id: '1', ID: '2', score: '10', name: 'ann' })).toEqual(fault('AMBIGUOUS'))
    const rows = [
      { id: '1', score: '10', name: 'ann' },
      { id: '2', Score: '1', score: '10', name: 'ann' },
    ]
    expect(told(strict, canalMessage({ data: rows }))).toEqual(fault('AMBIGUOUS'))
  })

  it('rows of one message may differ in the order of their columns', () => {
    const rows = [
      { id: '1', score: '10', name: 'ann' },
      { name: 'bob', score: '20', id: '2' },
      { id: '3', score: '30', name: 'cat' },
    ]
    expect(told(strict, canalMessage({ data: rows }))).toEqual([
      ['upsert', '1', ['1', '10', 'ann']],
      ['upsert', '2', ['2', '20', 'bob']],
      ['upsert', '3', ['3', '30', 'cat']],
    ])
  })

  const inherited = ['__proto__', 'constructor', 'toString', 'hasOwnProperty', 'valueOf']

  it.each(inherited)('46, 47: a column %s is plain data', (name) => {
    const row = `{"${name}":"x","id":"1","score":"10","name":"ann"}`
    const message = textBytes(
      `{"data":[${row}],"database":"shop","table":"scores","type":"INSERT","${name}":{"a":"b"}}`,
    )
    expect(told(strict, message)).toEqual(upsert)
    const shape = tableShape('shop.scores', { id: bigint }, ['id'])
    const tracking = canalJson([{ ...shape, columns: [...shape.columns, { name, type: varchar }] }])
    expect(told(tracking, message)).toEqual([['upsert', '1', ['1', 'x']]])
    expect(told(tracking, canalMessage())).toEqual(fault('ROW_IMAGE'))
    expect(Object.keys(Object.prototype)).toEqual([])
    expect(({} as JsonFields).a).toBe(undefined)
  })

  it.each([
    ['in a row', '{"data":[{"id":"1","id":"2","score":"1","name":"x"}]', '', fault('DUP_KEY')],
    ['in old', '{"data":[{"id":"1","score":"1","name":"x"}],"old":[{"id":"1","id":"2"}]', '', fault('DUP_KEY')],
    ['in the second row', '{"data":[{"id":"1","score":"1","name":"x"},{"id":"3","id":"3"}]', '', fault('DUP_KEY')],
    [
      'escaped differently',
      String.raw`{"data":[{"id":"1","i\u0064":"2","score":"1","name":"x"}]`,
      '',
      fault('DUP_KEY'),
    ],
    ['in the outermost object', '{"data":[]', ',"table":"other"', { fault: 'DUP_KEY', tables: undefined }],
  ] as const)('48: a key named twice %s', (_name, start, end, expected) => {
    const message = `${start},"database":"shop","table":"scores","type":"UPDATE","pkNames":["id"]${end}}`
    expect(told(strict, textBytes(message))).toEqual(expected)
  })

  it('48: what looks like a key inside a string is none', () => {
    const name = '":{[\\'
    const message = canalMessage({ data: [{ id: '1', score: '10', name }], sql: '{"a":1,"a":2}' })
    expect(told(strict, message)).toEqual([['upsert', '1', ['1', '10', name]]])
  })
})
