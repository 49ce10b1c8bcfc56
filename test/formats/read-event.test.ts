import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { readEvent } from '../../src/formats/read-event.js'

const now = 1_700_000_000_000
const bytes = (text: string): Uint8Array => new TextEncoder().encode(text)

const fields = { uid: '123', biz: '"article"', biz_id: '456', ts: String(now) }

/** The event with some fields as other JSON texts; undefined: left out. */
const textOf = (changed: Readonly<Record<string, string | undefined>> = {}): string => {
  const entries = Object.entries({ ...fields, ...changed }).filter(([, text]) => text !== undefined)
  return `{${entries.map(([name, text]) => `"${name}":${text}`).join(',')}}`
}

const decode = (text: string, timestamp: number | undefined = now) => readEvent(bytes(text), timestamp)

const accepted = (text: string, timestamp?: number) => {
  const decoded = decode(text, timestamp)
  if (decoded._tag === 'Left') throw new Error(`${decoded.left.code}: ${decoded.left.detail}`)
  return decoded.right
}

const refusal = (text: string, timestamp?: number) => {
  const decoded = decode(text, timestamp)
  if (decoded._tag === 'Right') throw new Error(`accepted: ${JSON.stringify(decoded.right)}`)
  return decoded.left
}

describe('a read event', () => {
  it('is what the value says', () => {
    expect(accepted(textOf())).toEqual({ uid: '123', biz: 'article', bizId: '456', ts: now })
  })

  it('may have further fields, of any shape, in any order', () => {
    const text = `{"from":{"page":[1,{"x":1e400}]},"ts":${now},"biz_id":456,"v":-0.5,"biz":"article","uid":123,"d":null}`
    expect(accepted(text)).toEqual({ uid: '123', biz: 'article', bizId: '456', ts: now })
    expect(accepted(`\ufeff ${textOf()} \n`)).toMatchObject({ uid: '123' })
  })

  it.each(['0', '1', '9007199254740991', '9007199254740992', '9007199254740993', '18446744073709551615'])(
    'has the id %s exactly, as a number and as a string',
    (id) => {
      expect(accepted(textOf({ uid: id, biz_id: id }))).toMatchObject({ uid: id, bizId: id })
      expect(accepted(textOf({ uid: `"${id}"`, biz_id: `"${id}"` }))).toMatchObject({ uid: id, bizId: id })
    },
  )

  it.each([
    '-1',
    '1.5',
    '18446744073709551616',
    '99999999999999999999',
    '100000000000000000000',
    '9007199254740993.5',
    '1e30',
    '""',
    '"007"',
    '" 7"',
    '"+7"',
    '"0x7"',
    '"18446744073709551616"',
    'true',
    'null',
    '[1]',
    '{}',
    undefined,
  ])('refuses %s as an id, and says what is allowed', (text) => {
    for (const name of ['uid', 'biz_id']) {
      const { code, detail } = refusal(textOf({ [name]: text }))
      expect(code).toBe('EVENT_FIELD')
      expect(detail).toMatch(new RegExp(`^${name} is .*; allowed: a whole number from 0 to 18446744073709551615`))
    }
  })

  it.each(['"a"', '"榜单"', `"${'x'.repeat(64)}"`, `"${'😀'.repeat(64)}"`, '"it\'s \\"so\\""', '" a "'])(
    'has the kind %s as it stands',
    (text) => {
      expect(accepted(textOf({ biz: text })).biz).toBe(JSON.parse(text))
    },
  )

  it.each([
    '""',
    `"${'x'.repeat(65)}"`,
    `"${'😀'.repeat(65)}"`,
    '"a\\u0000b"',
    '"a\\nb"',
    '"\\u007f"',
    '"\\ud83d"',
    '7',
    'null',
    '["article"]',
    undefined,
  ])('refuses %s as a kind, and says what is allowed', (text) => {
    const { code, detail } = refusal(textOf({ biz: text }))
    expect(code).toBe('EVENT_FIELD')
    expect(detail).toMatch(/^biz is .*; allowed: a string of 1 to 64 characters/)
  })

  it.each(['0', '253402300799999'])('has the time %s where its record has none', (text) => {
    expect(readEvent(bytes(textOf({ ts: text })), undefined)).toMatchObject({ right: { ts: Number(text) } })
  })

  it.each(['-1', '1.5', '253402300800000', '1e300', '"1700000000000"', 'null', undefined])(
    'refuses %s as a time',
    (text) => {
      const decoded = readEvent(bytes(textOf({ ts: text })), undefined)
      expect(decoded).toMatchObject({
        left: { code: 'EVENT_FIELD', detail: expect.stringMatching(/^ts is .*allowed: /) },
      })
    },
  )

  it('may be a day ahead of its record, and no more; any time behind', () => {
    const day = 24 * 3_600_000
    expect(accepted(textOf({ ts: String(now + day) })).ts).toBe(now + day)
    expect(accepted(textOf({ ts: '0' })).ts).toBe(0)
    const { code, detail } = refusal(textOf({ ts: String(now + day + 1) }))
    expect(code).toBe('EVENT_FIELD')
    expect(detail).toContain(`at most 24 h ahead of the record's timestamp, which is ${now}`)
  })

  it.each([
    ['PARSE', ''],
    ['PARSE', '{"uid":1'],
    ['PARSE', `${textOf()}${textOf()}`],
    ['PARSE', textOf({ uid: '01' })],
    ['PARSE', textOf({ uid: 'NaN' })],
    ['DUP_KEY', `{"uid":1,"uid":2,"biz":"a","biz_id":1,"ts":${now}}`],
    ['EVENT_FIELD', '[]'],
    ['EVENT_FIELD', '7'],
    ['EVENT_FIELD', 'null'],
    ['EVENT_FIELD', '{}'],
    ['TOO_LARGE', textOf({ more: `"${'x'.repeat(70_000)}"` })],
    ['LIMIT', textOf({ more: '['.repeat(40) + ']'.repeat(40) })],
  ])('is refused with %s: %.40s', (code, text) => {
    expect(refusal(text).code).toBe(code)
  })

  it('is refused where a byte is not UTF-8, and where there is no value', () => {
    expect(readEvent(Uint8Array.of(0x22, 0xff, 0x22), now)).toMatchObject({ left: { code: 'UTF8' } })
    expect(readEvent(null, now)).toMatchObject({ left: { code: 'EVENT_FIELD' } })
  })

  it('shows no more of a value than a short excerpt of printable characters', () => {
    const { detail } = refusal(textOf({ uid: `"${'secret'.repeat(50)}"` }))
    expect(detail.length).toBeLessThan(200)
    expect(detail).toContain(`uid is "${'secret'.repeat(50).slice(0, 32)}..."`)
    expect(refusal(textOf({ uid: '"a\\n\\u001b[31m榜"' })).detail).toMatch(/^[\x20-\x7e]*$/)
  })

  // The usual form is read by itself; a space behind it makes it any other JSON.
  it('is the same in its usual form as in any other', () => {
    const id = fc.oneof(
      fc.nat().map(String),
      fc.bigInt(0n, 2n ** 65n).map(String),
      fc.constantFrom('0', '007', '-1', '1e3', '9007199254740993', '9999999999999999999', '18446744073709551615'),
    )
    const quoted = fc.oneof(
      { weight: 3, arbitrary: id },
      { weight: 2, arbitrary: id.map((digits) => `"${digits}"`) },
      id.map((digits) => `"${digits}`),
    )
    const kind = fc.oneof(
      fc.stringMatching(/^[a-z :]{1,20}$/),
      fc.stringMatching(/^[ -~]{0,66}$/),
      fc.string({ unit: 'binary', maxLength: 66 }),
      fc.constantFrom('article', 'a'.repeat(64), 'a'.repeat(65), '\u007f', '\ud800'),
    )
    const time = fc.oneof(
      fc.nat(2 * now).map(String),
      fc.constantFrom(
        '0',
        '00',
        '1.0',
        `${now + 86_400_000}`,
        `${now + 86_400_001}`,
        '253402300799999',
        '253402300800000',
      ),
    )
    const separator = fc.constantFrom('', ' ', '  ')
    const text = fc
      .tuple(quoted, kind, fc.nat(3), quoted, time, separator, separator)
      .map(([uid, biz, escaped, bizId, ts, afterColon, afterComma]) =>
        [`{"uid":${uid}`, `"biz":${escaped > 0 ? JSON.stringify(biz) : `"${biz}"`}`, `"biz_id":${bizId}`, `"ts":${ts}}`]
          .map((member) => member.replace(':', `:${afterColon}`))
          .join(`,${afterComma}`),
      )
    let accepted = 0
    const same = fc.property(text, fc.constantFrom(now, undefined), (event, timestamp) => {
      const [usual, any] = [decode(event, timestamp), decode(`${event} `, timestamp)]
      if (usual._tag === 'Left' && any._tag === 'Left') expect(usual.left.code).toBe(any.left.code)
      else expect(usual).toEqual(any)
      if (usual._tag === 'Right') accepted++
    })
    const seed = process.env.RANKTIDE_SEED === undefined ? {} : { seed: Number(process.env.RANKTIDE_SEED) }
    fc.assert(same, { numRuns: 5_000, ...seed })
    expect(accepted).toBeGreaterThan(500)
  })
})
