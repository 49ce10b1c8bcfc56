import { describe, expect, it } from 'vitest'
import { asRanktideError } from '../../src/core/errors.js'
import { RedisClient } from '../../src/redis/client.js'
import { ReplayWriter, type WriteWords } from '../../src/replay/replay-writer.js'
import { parseConfig } from '../../src/runtime/load-config.js'

const yaml = `
kafka: { brokers: "localhost:9092" }
database: { url: "mysql://u@localhost/webook" }
redis: { url: "redis://127.0.0.1:1" }
boards:
  likes: { topic: t, table: webook.interactives, score: like_cnt }
  lowest: { topic: t, table: webook.interactives, score: like_cnt, order: asc }
  split: { topic: t, table: webook.interactives, score: like_cnt, per: biz }
`
const read = parseConfig(yaml, 'ranktide.yaml', { environment: {}, hostname: 'h' })
if (read.kind !== 'config') throw new Error(JSON.stringify(read))
const { config } = read

const dry: WriteWords = { into: undefined, apply: false, force: false, per: undefined }
/** No server is asked for what can be told without one. */
const withWriter = async <T>(
  board: string,
  words: Partial<WriteWords>,
  use: (writer: ReplayWriter) => T | Promise<T>,
  url = 'redis://127.0.0.1:1',
): Promise<T> => {
  const client = new RedisClient({ kind: 'url', url })
  client.failures$.subscribe()
  const found = config.boards.find(({ name }) => name === board)
  if (found === undefined) throw new Error(board)
  const writer = new ReplayWriter(config, { client, prefix: 'ranktide' }, found, { ...dry, ...words })
  try {
    return await use(writer)
  } finally {
    client.close()
  }
}
const refusalOf = (board: string, words: Partial<WriteWords>): Promise<string> =>
  withWriter(board, words, (writer) =>
    writer.check().then(
      () => 'allowed',
      (error: unknown) => `${asRanktideError(error).code}: ${asRanktideError(error).detail}`,
    ),
  )

describe('words that are wrong before anything is read', () => {
  it('a live key, and a split board without or with its group', async () => {
    expect(await refusalOf('likes', { into: 'ranktide:{likes}' })).toMatch(/^CONFIG_INVALID: .*--apply swaps/)
    expect(await refusalOf('split', { apply: true, force: true })).toMatch(/^CONFIG_INVALID: .*--into KEY --per VALUE/)
    expect(await refusalOf('split', { into: 'x' })).toMatch(/^CONFIG_INVALID: .*--per VALUE/)
    expect(await refusalOf('split', { into: 'x', per: 'article', force: true })).toBe('allowed')
    expect(await refusalOf('likes', { into: 'x', force: true })).toBe('allowed')
    expect(await refusalOf('likes', {})).toBe('allowed')
  })

  it('asks who holds the lease and what the key holds, unless forced', async () => {
    expect(await refusalOf('likes', { into: 'x' })).toMatch(/^REDIS_UNREACHABLE/)
    expect(await refusalOf('likes', { apply: true })).toMatch(/^REDIS_UNREACHABLE/)
    expect(await refusalOf('likes', { apply: true, force: true })).toBe('allowed')
  })
})

describe('what was written', () => {
  const text = (board: string, written: Parameters<ReplayWriter['text']>[0]) =>
    withWriter(board, {}, (writer) => writer.text(written))
  const sent = { leave: 1, enter: 2, change: 3 }

  it('is told with the command that shows it', async () => {
    expect(await text('likes', { into: { key: 'old', changed: true, members: 100 } })).toBe(
      '100 members written to old; nobody keeps it up to date. Look at it:  redis-cli ZREVRANGE old 0 9 WITHSCORES\n',
    )
    const again = await text('lowest', { into: { key: "it's:{x}", changed: false, members: 3 } })
    expect(again).toContain("it's:{x} holds these 3 members already")
    expect(again).toContain("ZRANGE 'it'\\''s:{x}' 0 2 WITHSCORES")
    const into = { key: 'old', changed: true, members: 1 }
    const elsewhere = await withWriter('likes', {}, (writer) => writer.text({ into }), 'redis://127.0.0.1:1/7')
    expect(elsewhere).toContain('redis-cli -n 7 ZREVRANGE old 0 0')
  })

  it('is told with what happens next', async () => {
    const applied = { board: 'likes', changed: true, sent, version: 17, fenced: undefined }
    expect(await text('likes', { applied })).toBe(
      'ranktide:{likes} swapped in as version 17: 1 left, 2 entered, 3 changed. A worker that starts now goes on from these offsets.\n',
    )
    expect(await text('likes', { applied: { ...applied, fenced: 'pod-1' } })).toContain('pod-1 is fenced')
    expect(await text('likes', { applied: { ...applied, changed: false } })).toContain('nothing was sent')
    expect(await text('likes', {})).toBe('')
  })
})
