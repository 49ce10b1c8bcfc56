import type { Subscription } from 'rxjs'
import { afterEach, describe, expect, test } from 'vitest'
import type { ChangedItem } from '../../../examples/webook/counts-cache.js'
import { countsFeed } from '../../../examples/webook/counts-feed.js'
import { RanktideError } from '../../../src/core/errors.js'
import type { Positions } from '../../../src/core/positions.js'
import { canalJson } from '../../../src/formats/canal-json.js'
import { MemoryTopic } from '../../../src/sources/memory-topic.js'
import { canalMessage, ddlMessage, type JsonFields } from '../../support/canal-messages.js'
import { tableShape, unsignedBigint, varchar } from '../../support/table-shapes.js'
import { until } from '../../support/until.js'

const shape = tableShape(
  'webook.interactives',
  {
    biz: varchar,
    biz_id: unsignedBigint,
    read_cnt: unsignedBigint,
    like_cnt: unsignedBigint,
    collect_cnt: unsignedBigint,
  },
  ['biz', 'biz_id'],
  ['id'],
)

const row = (biz_id: string, like_cnt: string) => ({
  id: '1',
  biz: 'article',
  biz_id,
  read_cnt: '3',
  like_cnt,
  collect_cnt: '0',
})
const rows = (type: string, data: readonly object[], fields: JsonFields = {}): Uint8Array =>
  canalMessage({
    database: 'webook',
    table: 'interactives',
    pkNames: ['id'],
    type,
    data,
    mysqlType: null,
    sqlType: null,
    ...fields,
  })

class RecordingCache {
  readonly done: string[] = []
  failures = 0

  async change(items: readonly ChangedItem[]): Promise<void> {
    if (this.failures > 0) {
      this.failures--
      throw new RanktideError('REDIS_UNREACHABLE', 'refused')
    }
    for (const { biz, bizId, counts } of items) {
      const { read_cnt, like_cnt, collect_cnt } = counts ?? {}
      this.done.push(`${biz}:${bizId} ${counts === undefined ? 'gone' : [read_cnt, like_cnt, collect_cnt].join('/')}`)
    }
  }

  async clear(): Promise<void> {
    this.done.push('clear')
  }

  async keepPositions(positions: Positions): Promise<void> {
    this.done.push(`at ${[...positions.values()].join()}`)
  }
}

let running: Subscription | undefined
afterEach(() => running?.unsubscribe())

/** Feeds the messages and returns what reached the cache, once all of them have. */
const fed = async (messages: readonly Uint8Array[], cache = new RecordingCache(), troubles: string[] = []) => {
  const topic = new MemoryTopic('t')
  for (const message of messages) topic.append(message, 1)
  running = countsFeed({
    source: topic.open('g'),
    start: new Map(),
    decode: canalJson([shape]),
    cache,
    onTrouble: ({ code }) => troubles.push(code),
    pause: 1,
  }).subscribe()
  await until('the feed is through', () => cache.done.at(-1) === `at ${messages.length}`)
  return cache.done.filter((line) => line !== 'at 0')
}

describe('the feed of the cache', () => {
  test('writes absolute counts, the newest of each item, then the positions', async () => {
    const messages = [
      rows('INSERT', [row('5', '1')]),
      rows('UPDATE', [row('5', '2')], { old: [{ like_cnt: '1' }] }),
      rows('UPDATE', [row('18446744073709551615', '9')], { old: [{ like_cnt: '8' }] }),
    ]
    expect(await fed(messages)).toEqual(['article:5 3/2/0', 'article:18446744073709551615 3/9/0', 'at 3'])
  })

  test('a row that is gone is gone; a key that changed is one gone and another one', async () => {
    expect(await fed([rows('DELETE', [row('5', '1')])])).toEqual(['article:5 gone', 'at 1'])
    expect(await fed([rows('UPDATE', [row('6', '1')], { old: [{ biz_id: '5' }] })])).toEqual([
      'article:5 gone',
      'article:6 3/1/0',
      'at 1',
    ])
  })

  test.each([
    ['TRUNCATE', 'TRUNCATE TABLE interactives'],
    ['ALTER', 'ALTER TABLE interactives ADD x INT'],
    ['RENAME', 'RENAME TABLE interactives TO old, fresh TO interactives'],
    ['ERASE', 'DROP TABLE interactives'],
  ])('%s empties the cache', async (type, sql) => {
    const fields = { database: 'webook', table: 'interactives' }
    expect(await fed([ddlMessage(type, sql, fields)])).toEqual(['clear', 'at 1'])
  })

  test('a message that cannot be read empties the cache, after the rows around it', async () => {
    const messages = [rows('INSERT', [row('5', '1')]), new TextEncoder().encode('{'), rows('INSERT', [row('6', '1')])]
    expect(await fed(messages)).toEqual(['article:5 3/1/0', 'article:6 3/1/0', 'clear', 'at 3'])
  })

  test('other tables are no concern', async () => {
    expect(await fed([rows('INSERT', [row('5', '1')], { table: 'users' })])).toEqual(['at 1'])
  })

  test('what could not be written is written later, and its positions after it', async () => {
    const cache = new RecordingCache()
    const troubles: string[] = []
    cache.failures = 3
    expect(await fed([rows('INSERT', [row('5', '1')])], cache, troubles)).toEqual(['article:5 3/1/0', 'at 1'])
    expect(troubles).toEqual(['REDIS_UNREACHABLE', 'REDIS_UNREACHABLE', 'REDIS_UNREACHABLE'])
  })
})
