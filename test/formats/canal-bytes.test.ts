/** Bytes that are not what they should be: cases 67–79 of the decoder's contract, and random damage to real messages. */
import fc from 'fast-check'
import { isLeft, isRight } from 'fp-ts/lib/Either.js'
import { describe, expect, it } from 'vitest'
import { errorTable } from '../../src/core/errors.js'
import type { ColumnType } from '../../src/core/table.js'
import { canalJson } from '../../src/formats/canal-json.js'
import {
  canalMessage,
  ddlMessage,
  type JsonFields,
  scores,
  textBytes,
  told,
  unreadable,
} from '../support/canal-messages.js'
import { readLines, recordedMessages } from '../support/recorded.js'
import { bigint, bytes, datetime, decimal, tableShape, unsignedBigint, varchar } from '../support/table-shapes.js'

const decode = canalJson([scores])
const upsert = [['upsert', '1', ['1', '10', 'ann']]]
const mebibyte = 1024 * 1024

const joined = (...parts: readonly (Uint8Array | readonly number[])[]): Uint8Array =>
  Uint8Array.from(parts.flatMap((part) => [...part]))

describe('bytes', () => {
  it('67: a tombstone says nothing', () => {
    expect(told(decode, null)).toEqual([])
    expect(told(decode, new Uint8Array(0))).toEqual([])
  })

  it('68: a message cut anywhere is refused', () => {
    const ascii = canalMessage()
    for (let end = 1; end < ascii.length; end++) {
      expect(told(decode, ascii.subarray(0, end)), `cut at ${end}`).toEqual(unreadable('PARSE'))
    }
    const emoji = canalMessage({ data: [{ id: '1', score: '10', name: 'ü😀' }] })
    for (let end = 1; end < emoji.length; end++) {
      expect(['PARSE', 'UTF8'], `cut at ${end}`).toContain(Object.values(told(decode, emoji.subarray(0, end)))[0])
    }
  })

  it.each(['{}{}', '{} x', '[1', 'nonsense', ' ', '{"a":1,}', "{'a':1}", 'NaN'])('69: %s', (text) => {
    expect(told(decode, textBytes(text))).toEqual(unreadable('PARSE'))
  })

  it.each(['[]', '"x"', '1', 'null', 'true'])('70: %s', (text) => {
    expect(told(decode, textBytes(text))).toEqual(unreadable('SHAPE'))
  })

  it.each(['{}', '{"payload":{"op":"c"}}', '{"type":"INSERT","data":[]}', '{"database":1,"table":"scores"}'])(
    '70: an object that is no Canal message: %s',
    (text) => {
      expect(told(decode, textBytes(text))).toEqual(unreadable('SHAPE'))
    },
  )

  it('71: invalid UTF-8', () => {
    const broken = joined(textBytes('{"a":"'), [0xff, 0xfe], textBytes('"}'))
    expect(told(decode, broken)).toEqual(unreadable('UTF8'))
    expect(told(decode, joined(textBytes('{"a":"'), [0xed, 0xa0, 0xbd], textBytes('"}')))).toEqual(unreadable('UTF8'))
  })

  it('72: one byte order mark is dropped, white space is white space', () => {
    const mark = [0xef, 0xbb, 0xbf]
    expect(told(decode, joined(mark, canalMessage()))).toEqual(upsert)
    expect(told(decode, joined(mark, mark, canalMessage()))).toEqual(unreadable('PARSE'))
    expect(told(decode, joined(textBytes(' \r\n\t'), canalMessage(), textBytes('\n ')))).toEqual(upsert)
  })

  it('73: deep nesting', () => {
    expect(told(decode, textBytes('['.repeat(100_000)))).toEqual(unreadable('LIMIT'))
    expect(told(decode, textBytes('{"a":'.repeat(100_000)))).toEqual(unreadable('LIMIT'))
    const nested = (levels: number) => JSON.parse('['.repeat(levels) + ']'.repeat(levels))
    expect(told(decode, canalMessage({ extra: nested(31) }))).toEqual(upsert)
    expect(told(decode, canalMessage({ extra: nested(32) }))).toEqual(unreadable('LIMIT'))
    expect(told(decode, canalMessage({ sql: '[{'.repeat(100) }))).toEqual(upsert)
  })

  it('74: 20,000 rows in 10 MB take less than a second', () => {
    const name = 'x'.repeat(480)
    const data = Array.from({ length: 20_000 }, (_, id) => ({ id: String(id), score: '1.50', name }))
    const message = canalMessage({ data })
    expect(message.length).toBeGreaterThan(10_000_000)
    const times = [1, 2, 3].map(() => {
      const started = performance.now()
      const result = decode(message)
      if (!isRight(result)) throw new Error('refused')
      expect(result.right.events).toHaveLength(20_000)
      return performance.now() - started
    })
    expect(Math.min(...times)).toBeLessThan(1000)
  })

  it('75: more bytes than the limit', () => {
    expect(told(decode, new Uint8Array(17 * mebibyte))).toEqual(unreadable('TOO_LARGE'))
    const small = canalJson([scores], { limits: { maxBytes: canalMessage().length } })
    expect(told(small, canalMessage())).toEqual(upsert)
    expect(told(small, joined(canalMessage(), [0x20]))).toEqual(unreadable('TOO_LARGE'))
  })

  it('wrong values of a mebibyte take linear time', { timeout: 60_000 }, () => {
    const kinds: readonly ColumnType[] = [
      bytes,
      datetime,
      decimal,
      varchar,
      { kind: 'double' },
      { kind: 'set', labels: [] },
    ]
    const values = ['\0', '0', '.0', '1e'].map((piece) => `${piece.repeat(mebibyte / 4)}x`)
    const started = performance.now()
    for (const kind of kinds) {
      const shape = tableShape('shop.scores', { id: bigint, v: kind }, ['id'])
      for (const v of values) told(canalJson([shape]), canalMessage({ data: [{ id: '1', v }] }))
    }
    expect(performance.now() - started).toBeLessThan(10_000)
  })
})

describe('the fields that only measure', () => {
  const measured = (fields: JsonFields) => {
    const result = decode(canalMessage(fields))
    if (!isRight(result)) throw new Error('refused')
    const { batchId, es, events } = result.right
    return { batchId, es, events: events.length }
  }

  it.each([undefined, null, '1795254429000', -1, 0, 1.5, {}, []])('77: es and id %j', (value) => {
    expect(measured({ es: value, id: value, ts: value })).toEqual({ batchId: undefined, es: undefined, events: 1 })
  })

  it('76: numbers that no double holds', () => {
    const text = new TextDecoder().decode(canalMessage({ id: 'ID', es: 'ES' }))
    const message = textBytes(text.replace('"ID"', `1${'0'.repeat(400)}`).replace('"ES"', '1e999'))
    expect(decode(message)).toMatchObject({ right: { batchId: undefined, es: undefined, events: [{ es: undefined }] } })
  })

  it('messages without rows tell batch and time, too', () => {
    expect(measured({ table: 'other' })).toMatchObject({ batchId: 7, events: 0 })
    expect(decode(ddlMessage('TRUNCATE', 'truncate scores'))).toMatchObject({ right: { batchId: 7 } })
  })

  it('78: a GTID set of 200 KB', () => {
    expect(told(decode, canalMessage({ gtid: '3E11FA47-71CA-11E1-9E33-C80AA9429562:1-5,'.repeat(5000) }))).toEqual(
      upsert,
    )
  })

  it('79: fields and columns that nobody knows', () => {
    const data = [{ id: '1', score: '10', name: 'ann', more: '1', other: null }]
    expect(told(decode, canalMessage({ _tidb: { commitTs: 1 }, foo: [{ a: { b: 1 } }], data }))).toEqual(upsert)
  })
})

describe('what a refusal says', () => {
  it('holds no value of any row', () => {
    const secret = 'hunter2'
    const broken = [
      canalMessage({ data: [{ id: '1', score: secret, name: secret }] }),
      canalMessage({ data: [{ id: secret, score: '1', name: secret }] }),
      canalMessage({ data: null, sql: `update scores set name = '${secret}'` }),
      canalMessage({ data: [{ id: `${secret}\uFFFD`, score: '1', name: secret }] }),
      textBytes(`{"data":[{"name":${secret}}]}`),
      textBytes(`{"data":[{"name":"${secret}"}`),
      canalMessage({ type: 'UPDATE', old: [{ id: secret }] }),
    ]
    for (const message of broken) {
      const result = decode(message)
      expect(isLeft(result)).toBe(true)
      expect(JSON.stringify(result)).not.toContain(secret)
    }
  })

  it('names the column', () => {
    expect(decode(canalMessage({ data: [{ id: '1', name: 'x' }] }))).toMatchObject({
      left: { refusal: { code: 'ROW_IMAGE', detail: 'INSERT of shop.scores lacks column score' } },
    })
  })
})

/**
 * 110: `RANKTIDE_SEED` and `RANKTIDE_PATH` replay a failure, both are printed with it; `RANKTIDE_DAMAGED` sets the number
 * of damaged messages.
 */
describe('110: damaged messages', () => {
  const runs = Number(process.env.RANKTIDE_DAMAGED ?? 20_000)
  const seed = process.env.RANKTIDE_SEED === undefined ? {} : { seed: Number(process.env.RANKTIDE_SEED) }
  const path = process.env.RANKTIDE_PATH === undefined ? {} : { path: process.env.RANKTIDE_PATH }

  const tracked = [
    tableShape('webook.interactives', { id: unsignedBigint, biz: varchar, like_cnt: bigint }, ['id']),
    tableShape('webook.types', { id: unsignedBigint, c_dec: decimal, c_blob: bytes, c_d: { kind: 'double' } }, ['id']),
    tableShape('rank_demo.player_score', { id: unsignedBigint, score: decimal, name: varchar }, ['id']),
    tableShape('rank_demo.comp', { g: bigint, u: bigint, s: bigint }, ['g', 'u']),
  ]
  const prototypeKeys = Reflect.ownKeys(Object.prototype).length
  const decoders = [canalJson(tracked), canalJson(tracked, { lenientScalars: true })]
  const samples = [
    ...readLines('mariadb.all-events.jsonl'),
    ...recordedMessages('mysql.single.jsonl.gz')
      .filter(({ scenario, value }) => /^(s0|s1[0-7]|s2|s30|h)/.test(scenario) && value.length < 5000)
      .map(({ value }) => value),
  ].map(textBytes)

  type Damage = (message: Uint8Array) => Uint8Array
  const place = fc.double({ min: 0, max: 1, noNaN: true, maxExcluded: true })
  const damage: fc.Arbitrary<Damage> = fc.oneof(
    fc.tuple(place, fc.nat(255)).map(([where, byte]) => (message: Uint8Array) => {
      const damaged = message.slice()
      damaged[Math.floor(where * message.length)] = byte
      return damaged
    }),
    place.map((where) => (message: Uint8Array) => message.subarray(0, Math.floor(where * message.length))),
    fc
      .tuple(place, fc.constantFrom(...'"{}[]:,\\0123456789-.eE', 'null', '"__proto__":1,'))
      .map(([where, text]) => (message: Uint8Array) => {
        const at = Math.floor(where * message.length)
        return joined(message.subarray(0, at), textBytes(text), message.subarray(at))
      }),
    fc.tuple(place, place).map(([from, to]) => (message: Uint8Array) => {
      const [start, end] = [Math.floor(from * message.length), Math.floor(to * message.length)]
      return joined(message.subarray(0, Math.max(start, end)), message.subarray(Math.min(start, end)))
    }),
  )

  it('give changes or a refusal, never an exception, and leave Object.prototype alone', { timeout: 600_000 }, () => {
    const sample = fc.nat(samples.length - 1)
    const counts = { right: 0, left: 0 }
    fc.assert(
      fc.property(sample, fc.array(damage, { minLength: 1, maxLength: 3 }), (index, damages) => {
        const message = damages.reduce((value, apply) => apply(value), samples[index] ?? new Uint8Array(0))
        for (const decodeDamaged of decoders) {
          const result = decodeDamaged(message)
          if (isLeft(result)) {
            counts.left++
            expect(Object.keys(errorTable)).toContain(result.left.refusal.code)
          } else {
            counts.right++
            for (const event of result.right.events) if (event.kind === 'row') expect(typeof event.key).toBe('string')
          }
        }
        expect(Reflect.ownKeys(Object.prototype)).toHaveLength(prototypeKeys)
      }),
      { numRuns: runs, ...seed, ...path },
    )
    // Damage that is always found, or never, would test one half only.
    expect(Math.min(counts.left, counts.right)).toBeGreaterThan(runs / 100)
  })
})
