import { describe, expect, it } from 'vitest'
import { asRanktideError } from '../../src/core/errors.js'
import { checkShadowKey } from '../../src/replay/shadow-key.js'
import { parseConfig } from '../../src/runtime/load-config.js'

const yaml = `
kafka: { brokers: "localhost:9092" }
database: { url: "mysql://u@localhost/webook" }
redis: { url: "redis://localhost" }
boards:
  likes: { topic: t, table: webook.interactives, score: like_cnt }
  reads: { topic: t, table: webook.interactives, score: read_cnt, zset: "hot:{blog}" }
  split: { topic: t, table: webook.interactives, score: like_cnt, per: biz }
`
const read = parseConfig(yaml, 'ranktide.yaml', { environment: {}, hostname: 'h' })
if (read.kind !== 'config') throw new Error(JSON.stringify(read))
const { config } = read
const refusalOf = (key: string): string => {
  try {
    checkShadowKey(config, 'ranktide', key)
    return 'allowed'
  } catch (error) {
    const { code, message } = asRanktideError(error)
    return `${code}: ${message}`
  }
}

describe('--into', () => {
  it.each([
    'yesterday',
    'ranktide:{likes}:yesterday',
    'replay:{blog}',
    'hot:{blog}:1',
    'ranktide:{splitter/a}',
    '榜单',
  ])('may be %s', (key) => expect(refusalOf(key)).toBe('allowed'))

  it.each([
    ['ranktide:{likes}', 'is a key of the board likes'],
    ['ranktide:{likes}:rows', 'is a key of the board likes'],
    ['ranktide:{likes}:meta', 'is a key of the board likes'],
    ['hot:{blog}', 'is a key of the board reads'],
    ['ranktide:{blog}:reads:rows', 'is a key of the board reads'],
    ['ranktide:{blog}:reads', 'takes ranktide:{blog}:reads:rows beside it, which is a key of the board reads'],
    ['ranktide:{split}:groups', 'is a key of the board split'],
    ['ranktide:{split/article}', 'is a key of the split board split'],
    ['ranktide:{split/article}:rows', 'is a key of the split board split'],
    ['ranktide:{feed:t}:lease', 'is a key of the feed t'],
    ['ranktide:{feed:t}:heartbeat', 'is a key of the feed t'],
  ])('is not %s, and says what to type', (key, why) => {
    expect(refusalOf(key)).toContain('CONFIG_INVALID')
    expect(refusalOf(key)).toContain(why)
    const [, advised = ''] = /such as (\S+)$/.exec(refusalOf(key)) ?? []
    expect(refusalOf(advised)).toBe('allowed')
  })

  it.each(['', 'a}b', '{}x'])('is no name that cannot share a slot with its rows: "%s"', (key) =>
    expect(refusalOf(key)).toMatch(/^CONFIG_INVALID: .*ranktide replay: --into: the key /),
  )
})
