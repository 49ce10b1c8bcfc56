import { expect, test } from 'vitest'
import { showProblems } from '../../src/runtime/config-problem.js'
import { parseConfig } from '../../src/runtime/load-config.js'

/** What a user reads, one line a problem. */
const problemsOf = (text: string, environment: Record<string, string> = {}): string[] => {
  const result = parseConfig(text, 'ranktide.yaml', { environment, hostname: 'pod-1' })
  return result.kind === 'config' ? [] : showProblems('ranktide.yaml', result.problems).split('\n')
}

const good = {
  kafka: 'kafka: { brokers: localhost:9092 }',
  database: 'database: { url: mysql://localhost/webook }',
  redis: 'redis: { url: redis://localhost }',
  boards: 'boards: { likes: { topic: t, table: webook.interactives, score: like_cnt } }',
}
const withPart = (part: Partial<typeof good> & { more?: string }): string[] =>
  problemsOf(Object.values({ ...good, ...part }).join('\n'))
const board = (keys: string): string[] =>
  withPart({ boards: `boards:\n  likes: { topic: t, table: webook.interactives, score: like_cnt }\n  b:\n    ${keys}` })

/** Without boards and Redis; `more` begins at line 3. */
const counters = (more: string): string[] => problemsOf([good.kafka, good.database, more].join('\n'))
/** One counter a line from line 4, called c0, c1, … */
const counter = (...keys: string[]): string[] =>
  counters(`counters:\n${keys.map((one, i) => `  c${i}: { topic: t, table: a.b, ${one} }`).join('\n')}`)

test('the configuration that the cases vary is right', () => {
  expect(withPart({})).toEqual([])
  expect(counter('add: { n: 1 }')).toEqual([])
})

test.each([
  [
    'unknown section',
    withPart({ more: 'titles: {}' }),
    [
      'ranktide.yaml:5: titles is not a known key; allowed: kafka, database, redis, http, instance, boards, counters, history',
    ],
  ],
  [
    'misspelt key with one near it',
    withPart({ kafka: 'kafka: { brokers: a:1, gruop: x }' }),
    [
      'ranktide.yaml:1: kafka.gruop is not a known key; did you mean group? allowed: brokers, group, deadLetters, client',
    ],
  ],
  [
    'misspelt key in a nested mapping that has defaults',
    withPart({ database: 'database:\n  url: mysql://h/x\n  refill:\n    timout: 5s' }),
    [
      'ranktide.yaml:5: database.refill.timout is not a known key; did you mean timeout? allowed: timeout, perMinute, allowScan, concurrency, url, overlap',
    ],
  ],
  [
    'a section that is missing',
    withPart({ kafka: '' }),
    ['ranktide.yaml:2: kafka is missing; allowed: a mapping with brokers, and if need be group, deadLetters, client'],
  ],
  [
    'a port that is too high',
    withPart({ more: 'http: { port: 70000 }' }),
    ['ranktide.yaml:5: http.port is 70000; allowed: a whole number from 0 to 65535'],
  ],
  [
    'a number in quotes',
    withPart({ more: 'http: { port: "8081" }' }),
    ['ranktide.yaml:5: http.port is "8081"; allowed: a whole number from 0 to 65535'],
  ],
  [
    'another kind of database, without its password',
    withPart({ database: 'database: { url: oracle://me:hunter2@h/webook }' }),
    [
      'ranktide.yaml:2: database.url is "oracle://me:***@h/webook"; allowed: mysql://user:password@host:port/database, or postgres:// without boards, special characters in user and password percent-encoded',
    ],
  ],
  [
    'boards on Postgres, without its password',
    withPart({ database: 'database: { url: postgres://me:hunter2@h/webook }' }),
    [
      'ranktide.yaml:2: database.url is "postgres://me:***@h/webook" and there are boards, which follow the binary log of MySQL or MariaDB; allowed: mysql://user:password@host:port/database, or the counters in a file without boards',
    ],
  ],
  [
    'a replica on Postgres',
    withPart({ database: 'database: { url: mysql://h/x, refill: { url: postgres://h/x } }' }),
    [
      'ranktide.yaml:2: database.refill.url is "postgres://h/x"; allowed: mysql://user:password@host:port/database, special characters in user and password percent-encoded',
    ],
  ],
  [
    'boards without Redis',
    withPart({ redis: '' }),
    [
      'ranktide.yaml:1: redis is missing; needed by boards: a mapping with url, or sentinels and name, or cluster; and if need be prefix',
    ],
  ],
  [
    'nothing to run',
    withPart({ boards: '' }),
    ['ranktide.yaml:1: boards is missing; needed: boards, counters or history, at least one of them'],
  ],
  [
    'a duration without a unit',
    withPart({ database: 'database: { url: mysql://h/x, refill: { timeout: 5 } }' }),
    ['ranktide.yaml:2: database.refill.timeout is 5; allowed: a duration from 10ms to 1h, such as 50ms, 5s or 10m'],
  ],
  [
    'a duration out of range',
    withPart({ database: 'database: { url: mysql://h/x, refill: { timeout: 2h } }' }),
    ['ranktide.yaml:2: database.refill.timeout is "2h"; allowed: a duration from 10ms to 1h, such as 50ms, 5s or 10m'],
  ],
  [
    'a time zone by name',
    withPart({ database: 'database: { url: mysql://h/x, timeZone: Asia/Shanghai }' }),
    ['ranktide.yaml:2: database.timeZone is "Asia/Shanghai"; allowed: an offset from -13:59 to +14:00, such as +08:00'],
  ],
  [
    'two ways to Redis',
    withPart({ redis: 'redis: { url: redis://h, cluster: [a] }' }),
    ['ranktide.yaml:3: redis.cluster stands beside redis.url; allowed: one of url, sentinels with name, cluster'],
  ],
  [
    'no way to Redis',
    withPart({ redis: 'redis: { prefix: x }' }),
    ['ranktide.yaml:3: redis says no server; needed: one of url, sentinels with name, cluster'],
  ],
  [
    'sentinels without a name',
    withPart({ redis: 'redis: { sentinels: [a] }' }),
    ['ranktide.yaml:3: redis.name is missing; allowed: the name of the group of masters that the sentinels watch'],
  ],
  [
    'a password beside a URL',
    withPart({ redis: 'redis: { url: redis://h, password: hunter2 }' }),
    [
      'ranktide.yaml:3: redis.password goes with sentinels or cluster, not with url (redis.url says it: rediss://user:password@host:port/db)',
    ],
  ],
  [
    'a Kafka property that ranktide depends on',
    withPart({ kafka: 'kafka:\n  brokers: a:1\n  client: { enable.auto.commit: true }' }),
    [
      'ranktide.yaml:3: kafka.client["enable.auto.commit"] is set by ranktide itself: offsets are committed when their effect is in Redis',
    ],
  ],
  ['no boards', withPart({ boards: 'boards: {}' }), ['ranktide.yaml:4: boards is empty; needed: at least one board']],
  [
    'boards as a list',
    withPart({ boards: 'boards:\n  - likes:\n      topic: t' }),
    ['ranktide.yaml:4: boards is a list; allowed: a mapping of board names to boards'],
  ],
  [
    'a port of a Redis node that is too high',
    withPart({ redis: 'redis: { cluster: ["h:99999"] }' }),
    ['ranktide.yaml:3: redis.cluster[0] is "h:99999"; allowed: a mapping with host and port, or "host:port"'],
  ],
  [
    'a board name with a slash',
    withPart({ boards: 'boards:\n  a/b: { topic: t, table: a.b, score: c }' }),
    [
      'ranktide.yaml:5: boards["a/b"] is not a board name; allowed: up to 100 letters, digits, ".", "_", "-", of which the first is a letter or digit',
    ],
  ],
  [
    'a board without a score',
    board('{ topic: t, table: a.b }'),
    ['ranktide.yaml:6: boards.b.score is missing; allowed: a column, or an expression such as likes * 2 + reads'],
  ],
  [
    'an expression that ends too early, and a filter with an unknown function, with carets under the spot',
    board('topic: t\n    table: a.b\n    score: c *\n    where: c > 1 and now() > 2'),
    [
      `ranktide.yaml:9: boards.b.score is "c *"; it ends too early; allowed here: a column, a number, a 'text', true, false, null, a function, not, - or (`,
      '    c *',
      '       ^',
      'ranktide.yaml:10: boards.b.where is "c > 1 and now() > 2"; there is no function now; allowed: abs, min, max, coalesce',
      '    c > 1 and now() > 2',
      '              ^^^',
    ],
  ],
  [
    'a size beyond the limit, in block style',
    board('topic: t\n    table: a.b\n    score: c\n    size: 10001'),
    ['ranktide.yaml:10: boards.b.size is 10001; allowed: a whole number from 1 to 10000'],
  ],
  [
    'a sorted set with blanks in its name',
    board('{ topic: t, table: a.b, score: c, zset: "hot likes" }'),
    ['ranktide.yaml:7: boards.b.zset is "hot likes"; allowed: a key without blanks, with at most one {hash tag}'],
  ],
  [
    'two boards in one sorted set',
    board('{ topic: t, table: a.b, score: c, zset: hot }\n  d: { topic: t, table: a.b, score: c, zset: hot }'),
    ['ranktide.yaml:8: boards.d.zset is "hot", as boards.b.zset is; allowed: a key of its own'],
  ],
  [
    'a sorted set of its own for a board that is split',
    board('{ topic: t, table: a.b, score: c, per: biz, zset: hot }'),
    [
      'ranktide.yaml:7: boards.b.zset stands beside per; allowed: one of the two, since each board of a split board has a sorted set of its own',
    ],
  ],
  [
    'a limit of boards for a board that is not split',
    board('{ topic: t, table: a.b, score: c, maxBoards: 5 }'),
    ['ranktide.yaml:7: boards.b.maxBoards goes with per, the column that splits the board'],
  ],
  [
    'a board split by two columns, or into none',
    board('{ topic: t, table: a.b, score: c, per: [x, y], maxBoards: 0 }'),
    [
      'ranktide.yaml:7: boards.b.per is ["x", "y"]; allowed: a column name',
      'ranktide.yaml:7: boards.b.maxBoards is 0; allowed: a whole number from 1 to 1000000',
    ],
  ],
  [
    'an unknown order of ties',
    board('{ topic: t, table: a.b, score: c, ties: latest }'),
    ['ranktide.yaml:7: boards.b.ties is "latest"; allowed: newest, oldest, redis'],
  ],
  [
    'a column twice',
    board('{ topic: t, table: a.b, score: c, columns: [x, y, x] }'),
    ['ranktide.yaml:7: boards.b.columns is ["x", "y", "x"]; allowed: a list of column names, each once'],
  ],
  [
    'a list item, by its own line',
    board('topic: t\n    table: a.b\n    score: c\n    columns:\n      - x\n      - a b'),
    ['ranktide.yaml:12: boards.b.columns[1] is "a b"; allowed: a column name'],
  ],
  [
    'a table of no database',
    withPart({
      database: 'database: { url: mysql://h }',
      boards: 'boards:\n  b:\n    topic: t\n    table: c\n    score: d',
    }),
    ['ranktide.yaml:7: boards.b.table is "c" and database.url names no database; allowed: database.table'],
  ],
  [
    'a section left empty',
    withPart({ more: 'http:' }),
    ['ranktide.yaml:5: http is empty; allowed: a mapping with host, port, adminToken'],
  ],
  ['no counters', counters('counters: {}'), ['ranktide.yaml:3: counters is empty; needed: at least one counter']],
  [
    'a counter that says nothing, and a history',
    counters('counters:\n  reads: {}\nhistory: { topic: "a b" }'),
    [
      'ranktide.yaml:4: counters.reads.topic is missing; allowed: one topic, or a list of them; letters, digits, ".", "_", "-"',
      'ranktide.yaml:4: counters.reads.table is missing; allowed: database.table, or a table of the database in database.url',
      'ranktide.yaml:4: counters.reads.add is missing; allowed: a mapping of columns to what an event adds, such as read_cnt: 1',
      'ranktide.yaml:5: history.topic is "a b"; allowed: one topic, or a list of them; letters, digits, ".", "_", "-"',
    ],
  ],
  [
    'a misspelt key of a counter and of the history',
    counters(
      'counters:\n  reads: { topic: t, table: a, add: { n: 1 }, bucket: [hour] }\nhistory: { topic: t, retenton: 1d }',
    ),
    [
      'ranktide.yaml:4: counters.reads.bucket is not a known key; did you mean buckets? allowed: topic, group, start, onLoss, window, table, key, add, buckets, timeZone',
      'ranktide.yaml:5: history.retenton is not a known key; did you mean retention? allowed: topic, group, start, onLoss, window, retention',
    ],
  ],
  [
    'a counter that adds nothing, one that adds to its key, and by halves',
    counter('add: {}', 'add: { biz: 1 }', 'add: { n: 0 }', 'add: { n: 0.5 }', 'add: { "a b": 1 }'),
    [
      'ranktide.yaml:4: counters.c0.add is empty; needed: at least one column, such as read_cnt: 1',
      'ranktide.yaml:5: counters.c1.add.biz is a column of the key; allowed: columns that count',
      'ranktide.yaml:6: counters.c2.add.n is 0; allowed: a whole number from -1000000 to 1000000, not 0',
      'ranktide.yaml:7: counters.c3.add.n is 0.5; allowed: a whole number from -1000000 to 1000000, not 0',
      'ranktide.yaml:8: counters.c4.add["a b"] is not a column name',
    ],
  ],
  [
    'keys of a counter',
    counter(
      'key: biz, add: { n: 1 }',
      'key: [a], add: { n: 1 }',
      'key: [a, a], add: { n: 1 }',
      'key: [a, n], add: { n: 1 }',
    ),
    [
      'ranktide.yaml:4: counters.c0.key is "biz"; allowed: two columns: that of biz and that of biz_id',
      'ranktide.yaml:5: counters.c1.key is ["a"]; allowed: two columns: that of biz and that of biz_id',
      'ranktide.yaml:6: counters.c2.key is ["a", "a"]; allowed: two different columns, that of biz and that of biz_id',
      'ranktide.yaml:7: counters.c3.add.n is a column of the key; allowed: columns that count',
    ],
  ],
  [
    'buckets and time zones',
    counter(
      'add: { n: 1 }, buckets: [week]',
      'add: { n: 1 }, buckets: [day, day]',
      'add: { n: 1 }, timeZone: "+08:00"',
      'add: { n: 1 }, timeZone: Asia/Shanghia',
    ),
    [
      'ranktide.yaml:4: counters.c0.buckets[0] is "week"; allowed: hour, day',
      'ranktide.yaml:5: counters.c1.buckets is ["day", "day"]; allowed: a list of hour, day, each once',
      'ranktide.yaml:6: counters.c2.timeZone is "+08:00"; allowed: the name of a time zone, such as Asia/Shanghai',
      'ranktide.yaml:7: counters.c3.timeZone is "Asia/Shanghia"; allowed: the name of a time zone, such as Asia/Shanghai',
    ],
  ],
  [
    'windows',
    counter(
      'add: { n: 1 }, window: { events: 0 }',
      'add: { n: 1 }, window: { most: 999 }',
      'add: { n: 1 }, window: { events: 10, most: 9 }',
    ),
    [
      'ranktide.yaml:4: counters.c0.window.events is 0; allowed: a whole number from 1 to 50000',
      'ranktide.yaml:5: counters.c1.window.most is 999; allowed: a whole number from 1000, which is window.events, to 50000',
      'ranktide.yaml:6: counters.c2.window.most is 9; allowed: a whole number from 10, which is window.events, to 50000',
    ],
  ],
  [
    'where a counter begins, and what it does about a loss',
    counter('add: { n: 1 }, start: latest, onLoss: ignore'),
    [
      'ranktide.yaml:4: counters.c0.start is "latest"; allowed: beginning, end',
      'ranktide.yaml:4: counters.c0.onLoss is "ignore"; allowed: stop, skip',
    ],
  ],
  [
    'groups that two pipelines would share',
    counters(
      `counters:
  a: { topic: t, table: x, add: { n: 1 }, group: ranktide }
  b: { topic: t, table: x, add: { n: 1 }, group: ranktide.counter.c }
  c: { topic: t, table: x, add: { n: 1 } }
history: { topic: t, group: ranktide.counter.c }`,
    ),
    [
      'ranktide.yaml:4: counters.a.group is "ranktide", as kafka.group is; allowed: a group of its own',
      'ranktide.yaml:6: counters.c.group is "ranktide.counter.c", as counters.b.group is; allowed: a group of its own',
      'ranktide.yaml:7: history.group is "ranktide.counter.c", as counters.c.group is; allowed: a group of its own',
    ],
  ],
  [
    'a group that would be too long for the database',
    problemsOf(
      `kafka: { brokers: a, group: ${'g'.repeat(180)} }\n${good.database}\ncounters: { ${'c'.repeat(64)}: { topic: t, table: x, add: { n: 1 } } }`,
    ),
    [
      `ranktide.yaml:3: counters.${'c'.repeat(64)}.group is missing, and the one made of kafka.group and the name has 253 characters; allowed: one with up to 200`,
    ],
  ],
  [
    'a counter name with a slash, and one that is too long',
    counters(
      `counters: { a/b: { topic: t, table: x, add: { n: 1 } }, ${'x'.repeat(65)}: { topic: t, table: x, add: { n: 1 } } }`,
    ),
    ['"a/b"', '']
      .map((name) => (name === '' ? `.${'x'.repeat(65)}` : `[${name}]`))
      .map(
        (name) =>
          `ranktide.yaml:3: counters${name} is not a counter name; allowed: up to 64 letters, digits, ".", "_", "-", of which the first is a letter or digit`,
      ),
  ],
  [
    'a retention in weeks',
    counters('history: { topic: t, retention: 2w }'),
    ['ranktide.yaml:3: history.retention is "2w"; allowed: a duration from 1h to 3650d, such as 30d or 90d, or off'],
  ],
  [
    'a database that is not named',
    problemsOf(`${good.kafka}\ndatabase: { url: mysql://h }\nhistory: { topic: t }`),
    [
      'ranktide.yaml:2: database.url names no database; needed: mysql://user:password@host:port/database, in which counters keep their offsets',
    ],
  ],
])('%s', (_name, told, expected) => {
  expect(told).toEqual(expected)
})

test('everything is told at once, in the order of the file', () => {
  const text = `instance: "a b"
boards:
  likes:
    topic: []
    tabel: a.b
    score: 3
redis: {}
database:
  url: mysql://root:hunter2@h/x
  refill: { perMinute: 0 }
kafka: { brokers: "\${BROKERS}", group: "\${GROUP:-a b}" }
`
  expect(problemsOf(text, { LOG_LEVEL: 'loud' })).toEqual(
    [
      'environment: LOG_LEVEL is "loud"; allowed: trace, debug, info, warn, error, fatal, silent',
      'ranktide.yaml:1: instance is "a b"; allowed: letters, digits, ".", "_", "-"',
      'ranktide.yaml:3: boards.likes.table is missing; allowed: database.table, or a table of the database in database.url',
      'ranktide.yaml:4: boards.likes.topic is []; allowed: one topic, or a list of them; letters, digits, ".", "_", "-"',
      'ranktide.yaml:5: boards.likes.tabel is not a known key; did you mean table? allowed: topic, format, table, key, score, where, order, ties, size, columns, per, maxBoards, zset, window',
      'ranktide.yaml:6: boards.likes.score is 3; allowed: a column, or an expression such as likes * 2 + reads',
      'ranktide.yaml:7: redis says no server; needed: one of url, sentinels with name, cluster',
      'ranktide.yaml:10: database.refill.perMinute is 0; allowed: a whole number from 1 to 100000',
      `ranktide.yaml:11: kafka.brokers needs the variable BROKERS, which is not set; set it, or write \${BROKERS:-default}`,
      'ranktide.yaml:11: kafka.group is "a b"; allowed: a group name of letters, digits, ".", "_", "-"',
    ].map((line) => line.replace('to 100\n', '').replace('from 1 to 100000', 'from 1 to 100000')),
  )
})

test('broken YAML is told by line', () => {
  expect(problemsOf('kafka: { brokers: a\nredis: 1\n')[0]).toMatch(/^ranktide\.yaml:2: this is not valid YAML: /)
  expect(problemsOf('a: 1\nb: 2\na: 3\n')).toEqual(['ranktide.yaml:3: this is not valid YAML: Map keys must be unique'])
  expect(problemsOf('a: 1\nb: *none\n')).toEqual([
    'ranktide.yaml:2: *none is not defined; allowed: an alias of an anchor further up, or the value in quotes',
  ])
  expect(problemsOf('a: 1\n---\nb: 1\n')[0]).toMatch(/^ranktide\.yaml:2: this is not valid YAML: /)
})

test.each([
  ["    where: 'on' = status", 'Unexpected scalar at node end'],
  ['    where: a = "x: y"', 'Nested mappings are not allowed in compact mappings'],
  ['    where: !deleted', 'Unresolved tag: !deleted'],
  ['    where: @a', 'Plain value cannot start with reserved character @'],
])('an expression that YAML does not read as text: %s', (line, why) => {
  const advice = '; quote the whole expression, or put it on the line below >-'
  expect(problemsOf(`boards:\n  b:\n    topic: t\n${line}\n`)).toEqual([
    `ranktide.yaml:4: this is not valid YAML: ${why}${advice}`,
  ])
  expect(problemsOf(`boards:\n  b:\n    score: c\n${line.replace('where', 'topic')}\n`)[0]).not.toContain('quote')
})

test('an expression that goes on below a comment gets the same advice, a second score or a wrong indentation none', () => {
  const text = 'boards:\n  b:\n    where: a = 1 # and\n      and b = 2\n'
  expect(problemsOf(text)).toEqual([expect.stringMatching(/^ranktide\.yaml:4: .*; quote the whole expression/)])
  const twice = 'boards:\n  b:\n    score: a\n    score: b\n'
  expect(problemsOf(twice)).toEqual(['ranktide.yaml:4: this is not valid YAML: Map keys must be unique'])
  const shifted = 'boards:\n  b:\n    topic: t\n   score: b\n'
  expect(problemsOf(shifted)[0]).not.toContain('quote')
})

test('tabs are told once, at the first of them', () => {
  expect(problemsOf('boards:\n\tlikes:\n\t\ttopic: t\n\t\ttable: a.b\n\t\tscore: c\n')).toEqual([
    'ranktide.yaml:2: this is not valid YAML: Tabs are not allowed as indentation; allowed: spaces',
  ])
})

test.each(['a:1', 'a', '"a:65535,b:1"', '"[::1]:9092"', '"[2001:db8::1]:9092,[fe80::1%eth0]"', '[a, "b:9092"]'])(
  'brokers: %s',
  (brokers) => {
    expect(withPart({ kafka: `kafka: { brokers: ${brokers} }` })).toEqual([])
  },
)

test.each([
  '127.0.0.1:99999',
  'a:0',
  'a:65536',
  'a:',
  ':9092',
  'a:b',
  '::1',
  '[::1',
  '[1]:9092',
  'a:1,',
  'a:1,b:65536',
])('brokers that no client could reach: %s', (brokers) => {
  const allowed = 'host:port of a broker, or several; the port from 1 to 65535, or left out for 9092'
  expect(withPart({ kafka: `kafka: { brokers: "${brokers}" }` })).toEqual([
    `ranktide.yaml:1: kafka.brokers is "${brokers}"; allowed: ${allowed}`,
  ])
})

test('files that hold no mapping, or one without end', () => {
  const root =
    'allowed: a mapping with kafka, database, what is to run (boards with redis, counters, history), and if need be http, instance'
  expect(problemsOf('')).toEqual([`ranktide.yaml:1: the file is empty; ${root}`])
  expect(problemsOf('- a\n')).toEqual([`ranktide.yaml:1: the file is ["a"]; ${root}`])
  expect(problemsOf('kafka: &k { kafka: *k }\n').some((line) => line.includes('is nested too deeply'))).toBe(true)
  const bomb = ['a: &a [x]', ...[...'bcdefghijk'].map((c, i) => `${c}: &${c} [${`*${'abcdefghij'[i]},`.repeat(9)}]`)]
  expect(problemsOf(bomb.join('\n'))).toEqual(['ranktide.yaml:1: this YAML has too many aliases'])
})

test('a variable without end or with a wrong name is told', () => {
  expect(problemsOf(Object.values({ ...good, more: `instance: "\${HOST"` }).join('\n'))).toEqual([
    `ranktide.yaml:5: instance has a "\${" that starts no variable; allowed: \${NAME}, \${NAME:-default}, and $\${ for a literal \${`,
  ])
})

test.each([
  ['in a URL of the wrong kind', `database: { url: "postgres://me:hunter2@h/x" }`],
  ['in a URL whose scheme is misspelt', `database: { url: "mysql//me:hunter2@h/x" }`],
  ['with an @ and a slash in it', `database: { url: "mysql://me:hunter2@/hunter2@h/x" }`],
  ['from a variable', `database: { url: "mysql://me:\${PW}#@h/x" }`],
  ['in a URL at a wrong place', `http: { host: "redis://me:hunter2@h/x" }`],
  ['in a list', `boards: { b: { topic: ["redis://me:hunter2@h/x"] } }`],
  ['as an option of the client', `kafka: { client: { sasl.password: [hunter2], ssl.key.pem: [hunter2] } }`],
  ['at a wrong place', `kafka: { password: hunter2 }`],
  ['of the wrong type', `redis: { cluster: [a], password: [hunter2] }`],
  ['beside a syntax error', `redis: { password: "x" "hunter2" }`],
  ['in a broken quotation', `redis: { password: "hunter2 }`],
  ['twice', `redis: { password: hunter2, password: hunter2 }`],
])('no error shows a password %s', (_name, text) => {
  const told = problemsOf(text, { PW: 'hunter2' })
  expect(told.length).toBeGreaterThan(0)
  expect(told.join('\n')).not.toContain('hunter2')
})
