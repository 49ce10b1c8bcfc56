import { describe, expect, it } from 'vitest'
import { RanktideError } from '../../src/core/errors.js'
import { boardKeys, feedKeys, shadowKeys } from '../../src/redis/keys.js'

/** Redis Cluster's slot: CRC16 (XMODEM) of the hash tag, or of the whole key, modulo 16,384. */
const slotOf = (key: string): number => {
  const open = key.indexOf('{')
  const close = open < 0 ? -1 : key.indexOf('}', open + 1)
  const hashed = close > open + 1 ? key.slice(open + 1, close) : key
  let crc = 0
  for (const byte of Buffer.from(hashed)) {
    crc ^= byte << 8
    for (let bit = 0; bit < 8; bit++) crc = crc & 0x8000 ? ((crc << 1) ^ 0x1021) & 0xffff : (crc << 1) & 0xffff
  }
  return crc % 16384
}

const slots = ({ zset, rows, meta }: { zset: string; rows: string; meta: string }) => [zset, rows, meta].map(slotOf)

describe('board keys', () => {
  it('are those that other programs rely on', () => {
    expect(boardKeys('ranktide', 'likes')).toEqual({
      zset: 'ranktide:{likes}',
      rows: 'ranktide:{likes}:rows',
      meta: 'ranktide:{likes}:meta',
      changes: 'ranktide:{likes}:changes',
    })
    expect(boardKeys('ranktide', 'likes/article').rows).toBe('ranktide:{likes/article}:rows')
  })

  it.each([
    ['hot', 'ranktide:{hot}:likes:rows'],
    ['app:hot:list', 'ranktide:{app:hot:list}:likes:rows'],
    ['app:{hot}:list', 'ranktide:{hot}:likes:rows'],
    ['old:{likes}', 'ranktide:{likes}:rows'],
    ['odd{name', 'ranktide:{odd{name}:likes:rows'],
  ])('stay in one slot when the sorted set is named %s', (zset, rows) => {
    const keys = boardKeys('ranktide', 'likes', zset)
    expect(keys).toMatchObject({ zset, rows, changes: 'ranktide:{likes}:changes' })
    expect(new Set(slots(keys)).size).toBe(1)
  })

  it('differ between boards, also where their sorted sets share a tag', () => {
    const keys = [
      boardKeys('ranktide', 'a'),
      boardKeys('ranktide', 'b'),
      boardKeys('ranktide', 'c', 'x:{a}'),
      boardKeys('ranktide', 'd', 'y:{a}'),
    ].flatMap(({ zset, rows, meta }) => [zset, rows, meta])
    expect(new Set(keys).size).toBe(keys.length)
  })

  it.each(['{}hot', 'hot}', 'a}b{'])('refuse the name %s, which cannot share a slot with others', (zset) => {
    expect(() => boardKeys('ranktide', 'likes', zset)).toThrow(RanktideError)
  })

  it('refuse braces in prefix, board and feed', () => {
    expect(() => boardKeys('{x}', 'likes')).toThrow(/prefix/)
    expect(() => boardKeys('ranktide', 'li{kes')).toThrow(/board name/)
    expect(() => feedKeys('ranktide', 'a}')).toThrow(/feed name/)
  })
})

it('feed keys share a slot', () => {
  const { lease, heartbeat } = feedKeys('ranktide', 'webook')
  expect([lease, heartbeat]).toEqual(['ranktide:{feed:webook}:lease', 'ranktide:{feed:webook}:heartbeat'])
  expect(slotOf(lease)).toBe(slotOf(heartbeat))
})

describe('keys of a shadow board', () => {
  it.each([
    ['yesterday', '{yesterday}:rows'],
    ['ranktide:{likes}:yesterday', 'ranktide:{likes}:yesterday:rows'],
    ['{a}{b}', '{a}{b}:rows'],
    ['odd{name', '{odd{name}:rows'],
  ])('of %s stand beside it, in its slot', (key, rows) => {
    const keys = shadowKeys(key)
    expect(keys).toMatchObject({ zset: key, rows })
    expect(new Set(slots(keys)).size).toBe(1)
  })

  it.each(['', '{}x', 'x}'])('refuse the name "%s"', (key) => expect(() => shadowKeys(key)).toThrow(RanktideError))
})
