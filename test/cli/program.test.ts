import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { type ConnectionFinding, type ProgramActions, runProgram } from '../../src/cli/program.js'
import { RanktideError } from '../../src/core/errors.js'
import type { Proposal } from '../../src/init/proposal.js'
import type { InitOptions } from '../../src/init/propose.js'
import type { Config } from '../../src/runtime/config.js'
import { programActions } from '../support/program-actions.js'

const folder = mkdtempSync(join(tmpdir(), 'ranktide-cli-'))
afterAll(() => rmSync(folder, { recursive: true }))

const good = join(folder, 'good.yaml')
writeFileSync(
  good,
  `
kafka: { brokers: localhost:9092 }
database: { url: mysql://root:hunter2@localhost/webook }
redis: { url: redis://localhost }
boards:
  likes: { topic: webook.interactives, table: webook.interactives, score: like_cnt }
  slow: { topic: [a, b], table: timings, score: ms, order: asc, size: 3 }
`,
)
const bad = join(folder, 'bad.yaml')
writeFileSync(bad, readFileSync(good, 'utf8').replace('redis://localhost', 'redis'))

interface Run {
  readonly code: number
  readonly out: string
  readonly error: string
  readonly ran: readonly Config[]
}

const run = async (line: string, more: Partial<ProgramActions> = {}): Promise<Run> => {
  let [out, error] = ['', '']
  const ran: Config[] = []
  const actions = programActions({
    runWorker: (config) => {
      ran.push(config)
      return Promise.resolve()
    },
    surroundings: { environment: { LOG_LEVEL: 'silent' }, hostname: 'pod-1' },
    out: (text) => {
      out += text
    },
    error: (text) => {
      error += text
    },
    ...more,
  })
  const code = await runProgram(actions, line.split(' '))
  return { code, out, error, ran }
}

test('config check prints a line a board for a good file', async () => {
  expect(await run(`config check --config ${good}`)).toEqual({
    code: 0,
    out:
      'likes: top 10 of webook.interactives by like_cnt desc, from topic webook.interactives\n' +
      'slow: top 3 of webook.timings by ms asc, from topics a, b\n',
    error: '',
    ran: [],
  })
})

test('config check tells what is wrong and exits with 2', async () => {
  expect(await run(`config check -c ${bad}`)).toEqual({
    code: 2,
    out: '',
    error: `${bad}:4: redis.url is "redis"; allowed: redis://host:port or rediss://user:password@host:port/db, special characters in user and password percent-encoded\n`,
    ran: [],
  })
})

test('a file that is not there exits with 2, and ranktide.yaml is the default', async () => {
  const { code, error } = await run('config check')
  expect([code, error]).toEqual([
    2,
    'ranktide: CONFIG_READ: the configuration file cannot be read: ranktide.yaml does not exist; name another with --config FILE\n',
  ])
})

test('config check --connect prints what each server said, and exits with 1 if one cannot be used', async () => {
  const connected = (findings: ConnectionFinding[]) =>
    run(`config check --connect --config ${good}`, { checkConnections: () => Promise.resolve(findings) })
  const fine = { name: 'redis', level: 'ok', detail: 'answers' } as const
  const { code, out } = await connected([{ name: 'kafka', level: 'error', detail: 'no broker can be reached' }, fine])
  expect(code).toBe(1)
  expect(out.split('\n').slice(2)).toEqual(['[-]kafka no broker can be reached', '[+]redis answers', ''])
  const warned = await connected([fine, { name: 'marker', level: 'warning', detail: 'may not be written' }])
  expect([warned.code, warned.out.split('\n').slice(2)]).toEqual([
    0,
    ['[+]redis answers', '[!]marker may not be written', ''],
  ])
})

describe('init', () => {
  const board = {
    name: 'likes',
    database: 'webook',
    table: 'interactives',
    score: 'like_cnt',
    key: undefined,
    columns: ['like_cnt'],
    others: [],
    rows: 9,
    index: { kind: 'there', name: 'like_cnt' },
    chosen: true,
  } as const
  const proposal = (options: InitOptions): Promise<Proposal> =>
    Promise.resolve({
      server: { product: 'MariaDB', version: '10.11.6' },
      host: 'localhost',
      port: 3306,
      database: 'webook',
      user: 'app',
      account: "'app'@'%'",
      powerful: false,
      boards: [board],
      refused: [],
      tables: 1,
      topic: options.topic ?? 'webook.interactives',
      brokers: options.brokers,
      redis: options.redis,
      marker: { database: 'webook', table: 'ranktide_marker' },
      grants: [],
      binlog: { findings: [], lines: [] },
      begin: undefined,
      file: options.file,
    })
  const init = (words: string, environment: Record<string, string> = {}) => {
    const asked: InitOptions[] = []
    const ran = run(`init ${words}`, {
      proposeConfig: (options) => {
        asked.push(options)
        return proposal(options)
      },
      surroundings: { environment, hostname: 'pod-1' },
    })
    return ran.then((ended) => ({ ...ended, asked }))
  }

  test('the configuration goes to standard output, and only that; the rest to standard error', async () => {
    const { code, out, error } = await init('mysql://app:hunter2@localhost/webook')
    expect(code).toBe(0)
    const file = join(folder, 'proposed.yaml')
    writeFileSync(file, out)
    expect(await run(`config check --config ${file}`)).toMatchObject({ code: 0, error: '' })
    expect(error).toContain('GRANT SELECT, REPLICATION SLAVE')
    expect(out + error).not.toContain('hunter2')
  })

  test('words and variables are passed on; secrets of Redis are not', async () => {
    const line = '--table a --table b --board x=a.n --topic t --kafka k:1 --redis redis://:hunter2@c'
    const { asked } = await init(`mysql://app@localhost/webook ${line}`, { MYSQL_PASSWORD: 'hunter2' })
    expect(asked).toEqual([
      {
        url: 'mysql://app:hunter2@localhost/webook',
        tables: ['a', 'b'],
        boards: ['x=a.n'],
        topic: 't',
        brokers: 'k:1',
        redis: `redis://default:\${REDIS_PASSWORD:-}@c`,
        file: undefined,
      },
    ])
  })

  test.each(['9=', '=n', '', 'x=.n', 'x=t.', 'a/b'])(
    '--board %s names nothing: usage, before a database is asked',
    async (wish) => {
      const ended = await init(`mysql://app:x@localhost/webook --board ${wish}`)
      expect(ended).toMatchObject({ code: 2, asked: [], out: '' })
      expect(ended.error).toMatch(/^ranktide init: --board .*; allowed: NAME, NAME=COLUMN, NAME=TABLE\.COLUMN or /)
    },
  )

  test('a file is written once, and again with --force; a folder that is not there is told', async () => {
    const file = join(folder, 'init.yaml')
    const line = `mysql://app:x@localhost/webook --output ${file}`
    expect(await init(line)).toMatchObject({ code: 0, out: '', error: expect.stringContaining(`${file} is written.`) })
    const text = readFileSync(file, 'utf8')
    writeFileSync(file, 'mine')
    expect(await init(line)).toMatchObject({ code: 2, asked: [], error: expect.stringContaining('--force overwrites') })
    expect(readFileSync(file, 'utf8')).toBe('mine')
    expect(await init(`${line} --force`)).toMatchObject({ code: 0 })
    expect(readFileSync(file, 'utf8')).toBe(text)
    expect(await init('mysql://app:x@localhost/webook --output /nowhere/x.yaml')).toMatchObject({
      code: 2,
      error: 'ranktide init: --output /nowhere/x.yaml cannot be written: ENOENT\n',
    })
  })
})

test('config schema prints the published schema', async () => {
  const { code, out } = await run('config schema')
  expect(code).toBe(0)
  expect(JSON.parse(out)).toEqual(
    JSON.parse(readFileSync(new URL('../../docs/ranktide.schema.json', import.meta.url), 'utf8')),
  )
})

test('run hands the configuration to the worker', async () => {
  const { code, ran } = await run(`run --only boards --config ${good}`)
  expect(code).toBe(0)
  expect(ran.map(({ boards }) => boards.map(({ name }) => name))).toEqual([['likes', 'slow']])
})

const both = join(folder, 'both.yaml')
writeFileSync(
  both,
  `${readFileSync(good, 'utf8')}
counters:
  reads: { topic: read_events, table: webook.interactives, add: { read_cnt: 1, heat: -2 }, buckets: [hour, day], timeZone: Asia/Shanghai }
history: { topic: [a, b], retention: 36h }
`,
)

test('config check has a line a counter, and one for the history', async () => {
  const { code, out } = await run(`config check --config ${both}`)
  expect([code, out.split('\n').slice(2)]).toEqual([
    0,
    [
      'reads: read_cnt + 1, heat - 2 in webook.interactives by (biz, biz_id), each hour and day of Asia/Shanghai, from topic read_events',
      'history: latest reads for 36 hours, from topics a, b',
      '',
    ],
  ])
})

test('run --only takes a part of the configuration, and says so where there is none', async () => {
  const partsOf = async (only: string) => {
    const { ran } = await run(`run${only} --config ${both}`)
    return ran.map(({ boards, counters, history, redis }) => {
      return [boards.length, counters.length, history !== undefined, redis !== undefined]
    })
  }
  expect(await partsOf('')).toEqual([[2, 1, true, true]])
  expect(await partsOf(' --only boards')).toEqual([[2, 0, false, true]])
  expect(await partsOf(' --only counters')).toEqual([[0, 1, true, false]])
  const { code, error, ran } = await run(`run --only counters --config ${good}`)
  expect([code, error, ran]).toEqual([2, `--only counters: ${good} has no counters and no history\n`, []])
})

describe('history erase', () => {
  const erase = async (words: string) => {
    const asked: unknown[] = []
    const { code, out, error } = await run(`history erase${words} --config ${good}`, {
      eraseHistory: (_config, what) => {
        asked.push(what)
        return Promise.resolve(asked.length)
      },
    })
    return { code, out, error, asked }
  }

  test('a user, to the last id that there may be, and what is old', async () => {
    expect(await erase(' --uid 18446744073709551615')).toEqual({
      code: 0,
      out: '1 read deleted\n',
      error: '',
      asked: [{ kind: 'user', uid: '18446744073709551615' }],
    })
    expect((await erase(' --older-than 30d')).asked).toEqual([{ kind: 'older-than', age: 30 * 86_400_000 }])
    expect((await erase(' --older-than 36500d')).asked).toEqual([{ kind: 'older-than', age: 36_500 * 86_400_000 }])
  })

  test('without a word of what to erase nothing is', async () => {
    const { code, error, asked } = await erase('')
    expect([code, asked]).toEqual([2, []])
    expect(error).toBe('ranktide history erase: needed: --uid NUMBER or --older-than DURATION\n')
  })

  test('a failure is told, with 1', async () => {
    const { code, error } = await run(`history erase --uid 1 --config ${good}`, {
      eraseHistory: () => Promise.reject(new RanktideError('MIGRATION_MISSING', 'read_history: run ranktide migrate')),
    })
    expect([code, error]).toEqual([
      1,
      'ranktide: MIGRATION_MISSING: a table of ranktide is not there, or an older version of it: read_history: run ranktide migrate\n',
    ])
  })
})

test('run with a wrong configuration never starts', async () => {
  const { code, ran } = await run(`run --config ${bad}`)
  expect([code, ran]).toEqual([2, []])
})

test('what stops the worker is told in one sentence without passwords, and exits with 1', async () => {
  const failWith = (error: Error) => run(`run --config ${good}`, { runWorker: () => Promise.reject(error) })
  const known = await failWith(new RanktideError('TABLE_MISSING', 'webook.none at mysql://root:hunter2@localhost'))
  expect([known.code, known.error]).toEqual([
    1,
    'ranktide: TABLE_MISSING: there is no such table: webook.none at mysql://root:***@localhost\n',
  ])
  const unknown = await failWith(new TypeError('x is not a function'))
  expect(unknown.code).toBe(1)
  expect(unknown.error).toMatch(
    /^ranktide: UNEXPECTED: an error that ranktide does not know: x is not a function\nTypeError: .*\n/,
  )
})

test.each([
  ['runn', "unknown command 'runn'"],
  ['run --confg x', "unknown option '--confg'"],
  ['run --config', "option '-c, --config <file>' argument missing"],
  ['run --only titles', 'Allowed choices are boards, counters.'],
  ['history erase --uid -1', 'Allowed: a whole number from 0 to 18446744073709551615.'],
  ['history erase --uid 18446744073709551616', 'Allowed: a whole number from 0 to 18446744073709551615.'],
  ['history erase --older-than 5', 'Allowed: a duration of at most 36500d, such as 12h or 30d.'],
  ['history erase --older-than 36501d', 'Allowed: a duration of at most 36500d, such as 12h or 30d.'],
  ['history erase --older-than 1000000d', 'Allowed: a duration of at most 36500d, such as 12h or 30d.'],
  ['history erase --uid 1 --older-than 1d', 'cannot be used with option'],
  ['run extra', 'too many arguments'],
  ['config', 'Usage: ranktide config'],
  ['config chek', "unknown command 'chek'"],
])('%s is a usage error: 2, with a hint on standard error', async (line, hint) => {
  const { code, out, error, ran } = await run(line)
  expect([code, out, ran]).toEqual([2, '', []])
  expect(error).toContain(hint)
  expect(error).toMatch(/--help|Usage/)
})

test.each([
  '--help',
  'run --help',
  'config --help',
  'config check --help',
  'config schema --help',
  'init --help',
  'history --help',
  'history erase --help',
  'help run',
])('%s prints help with examples and exits with 0', async (line) => {
  const { code, out, error } = await run(line)
  expect([code, error]).toEqual([0, ''])
  expect(out).toContain('Usage: ranktide')
  expect(out).toMatch(/\nExamples:\n {2}ranktide /)
})

test('--version prints that of package.json', async () => {
  const { version } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8'))
  expect(await run('--version')).toMatchObject({ code: 0, out: `${version}\n` })
})
