// What a reload would do, told from both configurations alone.
import { expect, test } from 'vitest'
import type { Config } from '../../src/runtime/config.js'
import { parseConfig } from '../../src/runtime/load-config.js'
import { type LivePlan, planReload, stillGone } from '../../src/runtime/reload-plan.js'

const board = (name: string, more = '', topic = 'a'): string =>
  `  ${name}: { topic: ${topic}, table: t, score: likes${more === '' ? '' : `, ${more}`} }\n`

const parse = (boards: string, top = ''): Config => {
  const text = `kafka: { brokers: k }
database: { url: "mysql://u:p@h/d" }
redis: { url: "redis://r:6379" }
${boards === '' ? '' : `boards:\n${boards}`}${top}`
  // A key given in `top` stands in for the usual one.
  const usual = top.split('\n').flatMap((line) => /^(\w+):/.exec(line)?.[1] ?? [])
  const kept = text.split('\n').filter((line, i, all) => {
    const key = /^(\w+):/.exec(line)?.[1] ?? ''
    return !usual.includes(key) || all.findLastIndex((one) => one.startsWith(`${key}:`)) === i
  })
  const result = parseConfig(kept.join('\n'), 'f', { environment: {}, hostname: 'h' })
  if (result.kind === 'problems') throw new Error(JSON.stringify(result.problems))
  return result.config
}

const live = (was: Config, is: Config): LivePlan => {
  const plan = planReload(was, is)
  if (plan.kind !== 'live') throw new Error(plan.keys.join())
  return plan
}
const names = (feeds: readonly { readonly name: string }[]): readonly string[] => feeds.map(({ name }) => name)

test('the same file, and one with its boards in another order, touch nothing', () => {
  const was = parse(board('x') + board('y'))
  for (const is of [parse(board('x') + board('y')), parse(board('y') + board('x'))])
    expect(live(was, is)).toMatchObject({ changes: [], changed: [], added: [], removed: [], database: false })
})

test('a change of one board begins its feed anew, and no other', () => {
  const was = parse(board('x') + board('y') + board('z', '', 'b'))
  const plan = live(was, parse(board('x', 'size: 20, where: "likes > 3"') + board('y') + board('z', '', 'b')))
  expect(names(plan.changed.map(({ feed }) => feed))).toEqual(['a'])
  expect(plan.changed[0]?.gone).toEqual([])
  expect(plan.changes).toEqual([{ key: 'boards.x', change: 'changed', keys: ['where', 'size'] }])
  expect(plan.unchanged).toEqual(['boards.y', 'boards.z'])
})

test('boards come and go with their feeds', () => {
  const plan = live(parse(board('x') + board('y', 'per: p', 'b')), parse(board('x') + board('z', '', 'c')))
  expect([names(plan.added), names(plan.removed.map(({ feed }) => feed)), plan.changed]).toEqual([['c'], ['b'], []])
  expect(plan.removed[0]?.gone).toEqual([{ name: 'y', zset: undefined, groups: true, whole: true, zsetStays: false }])
  expect(plan.changes).toEqual([
    { key: 'boards.y', change: 'removed' },
    { key: 'boards.z', change: 'added' },
  ])
})

test('a board that moves to another feed is not gone', () => {
  const plan = live(parse(board('x') + board('y')), parse(board('x') + board('y', '', 'b')))
  expect(plan.changed).toMatchObject([{ feed: { name: 'a' }, gone: [] }])
  expect(names(plan.added)).toEqual(['b'])
})

test.each([
  ['a renamed board', board('x'), board('y'), [{ name: 'x', groups: false, whole: true, zsetStays: false }]],
  ['no longer split', board('x', 'per: p'), board('x'), [{ name: 'x', groups: true, whole: false }]],
  ['split now', board('x'), board('x', 'per: p'), []],
  ['split by something else', board('x', 'per: p'), board('x', 'per: q'), []],
  ['a set under another name', board('x', 'zset: s'), board('x', 'zset: t'), [{ name: 'x', zset: 's', whole: true }]],
  ['a set that another board has now', board('x', 'zset: s'), board('y', 'zset: s'), [{ zset: 's', zsetStays: true }]],
])('what is gone: %s', (_what, was, is, gone) => {
  expect(live(parse(was), parse(is)).changed[0]?.gone).toMatchObject(gone)
  expect(live(parse(was), parse(is)).changed[0]?.gone).toHaveLength(gone.length)
})

test('what was gone and is there again is not gone', () => {
  const gone = live(parse(board('x') + board('y', 'per: p')), parse(board('z'))).changed[0]?.gone ?? []
  expect(stillGone(gone, parse(board('x')).boards)).toMatchObject([{ name: 'y', groups: true, whole: true }])
  expect(stillGone(gone, parse(board('x') + board('y')).boards)).toMatchObject([{ name: 'y', whole: false }])
  expect(stillGone(gone, parse(board('x') + board('y', 'per: p')).boards)).toEqual([])
})

test.each([
  ['kafka: { brokers: other }', ['kafka.brokers']],
  [
    'kafka: { brokers: k, group: g, client: { security.protocol: ssl } }',
    ['kafka.group', 'kafka.deadLetters', 'kafka.client'],
  ],
  ['database: { url: "mysql://u:q@h/d" }', ['database.url']],
  ['redis: { url: "redis://r:6379", prefix: other }', ['redis']],
  ['http: { port: 9999 }', ['http.port']],
  ['instance: other', ['instance']],
  ['counters: { c: { topic: e, table: t, add: { likes: 1 } } }', ['counters']],
])('needs a restart: %s', (top, keys) => {
  expect(planReload(parse(board('x')), parse(board('x', 'size: 3'), top))).toEqual({ kind: 'restart', keys })
})

test.each([
  ['database: { url: "mysql://u:p@h/d", refill: { perMinute: 7 } }', true, 'database.refill'],
  ['database: { url: "mysql://u:p@h/d", audit: 30s }', false, 'database.audit'],
  ['database: { url: "mysql://u:p@h/d", verify: 1m }', false, 'database.verify'],
])('how the database is asked: %s', (top, database, key) => {
  const was = parse(board('x') + board('y', '', 'b'))
  const plan = live(was, parse(board('x') + board('y', '', 'b'), top))
  expect([plan.database, plan.changes]).toEqual([database, [{ key, change: 'changed' }]])
  expect(names(plan.changed.map(({ feed }) => feed))).toEqual(['a', 'b'])
})

test('a new token touches no feed', () => {
  const plan = live(parse(board('x')), parse(board('x'), 'http: { adminToken: 0123456789abcdef }'))
  expect(plan).toMatchObject({ changes: [{ key: 'http.adminToken' }], changed: [], database: false })
})

test('counters begin anew one by one, and the boards stay as they are', () => {
  const counter = (name: string, table: string) => `  ${name}: { topic: e, table: ${table}, add: { likes: 1 } }\n`
  const was = parse(board('x'), `counters:\n${counter('a', 't')}${counter('b', 't')}${counter('c', 't')}`)
  const history = 'history: { topic: e, retention: 30d }'
  const plan = live(was, parse(board('x'), `counters:\n${counter('a', 't')}${counter('b', 'u')}${history}`))
  expect(plan.counters).toEqual({ changed: ['counters.b', 'history'], removed: ['counters.c'] })
  expect(plan).toMatchObject({ changed: [], unchanged: ['boards.x', 'counters.a'] })
  expect(plan.changes).toEqual([
    { key: 'counters.b', change: 'changed' },
    { key: 'counters.c', change: 'removed' },
    { key: 'history', change: 'added' },
  ])
})

test('a counter that adds something else begins anew', () => {
  const counters = (add: string) => parse(board('x'), `counters: { c: { topic: e, table: t, add: ${add} } }`)
  for (const add of ['{ likes: 2 }', '{ reads: 1 }'])
    expect(live(counters('{ likes: 1 }'), counters(add)).counters.changed).toEqual(['counters.c'])
  expect(live(counters('{ likes: 1, reads: 2 }'), counters('{ reads: 2, likes: 1 }')).changes).toEqual([])
})
