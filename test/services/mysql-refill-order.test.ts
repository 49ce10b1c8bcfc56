// A refill returns exactly the best rows: against sorting everything, on real servers, for every kind of key and score.
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { BoardSpec, Direction, Ties } from '../../src/core/board-spec.js'
import { orderOf } from '../../src/core/order.js'
import { rankingOf, rankOf } from '../../src/core/ranking.js'
import type { MysqlPool } from '../../src/databases/mysql/connection.js'
import { readBoard } from '../../src/databases/mysql/read-board.js'
import { boardOn, databaseNames, openSandbox, type Sandbox } from '../support/mysql-sandbox.js'

/** One row of a test table: canonical key parts, and the canonical score or null. */
interface TestRow {
  readonly key: readonly string[]
  readonly score: string | null
}

type Compare = (a: string, b: string) => number

const asIntegers: Compare = (a, b) => (BigInt(a) < BigInt(b) ? -1 : BigInt(a) > BigInt(b) ? 1 : 0)
const asBytes: Compare = (a, b) => Buffer.compare(Buffer.from(a, 'utf8'), Buffer.from(b, 'utf8'))
const scaled = (text: string): bigint => {
  const [whole = '', fraction = ''] = text.split('.')
  return BigInt(whole + fraction.padEnd(30, '0'))
}
const asDecimals: Compare = (a, b) => (scaled(a) < scaled(b) ? -1 : scaled(a) > scaled(b) ? 1 : 0)
const asDoubles: Compare = (a, b) => Number(a) - Number(b)

const memberOf = (key: readonly string[]): string =>
  key.length === 1 ? (key[0] ?? '') : key.map((part) => part.replaceAll('%', '%25').replaceAll(':', '%3A')).join(':')

/** Sorts everything; best first. */
const oracle = (rows: readonly TestRow[], spec: BoardSpec, score: Compare, keys: readonly Compare[]): string[] => {
  const down = spec.direction === 'desc'
  const byKey = (a: TestRow, b: TestRow): number => {
    if (spec.ties === 'redis') return asBytes(memberOf(a.key), memberOf(b.key)) * (down ? -1 : 1)
    for (const [i, compare] of keys.entries()) {
      const result = compare(a.key[i] ?? '', b.key[i] ?? '')
      if (result !== 0) return spec.ties === 'newest' ? -result : result
    }
    return 0
  }
  return rows
    .filter((row) => row.score !== null)
    .sort((a, b) => score(a.score ?? '', b.score ?? '') * (down ? -1 : 1) || byKey(a, b))
    .map(({ key }) => memberOf(key))
}

interface KeyCase {
  readonly name: string
  /** Key columns by name, with their SQL types on either server and, where it is no text, how a part is written. */
  readonly columns: readonly (readonly [
    name: string,
    sql: string | { mariadb: string; mysql: string },
    written?: (part: string) => string,
  ])[]
  readonly compare: readonly Compare[]
  readonly keys: readonly (readonly string[])[]
}

const range = (length: number): number[] => Array.from({ length }, (_, i) => i)

// Distinct under a case- and accent-insensitive collation, and in another order there than by bytes.
const words = [
  'é',
  'Z',
  'B',
  'a',
  'c',
  '😀',
  '𐍈',
  '\uffee',
  'zz',
  'É1',
  'a:b',
  'a%',
  'a%3Ab',
  '~',
  '中',
  'ab',
  'a ',
  '_',
  '0',
]
const distinctWords = words.filter((word) => word !== 'a ')

const asNumber = (part: string): string => part
const asHex = (part: string): string => `X'${Buffer.from(part, 'latin1').toString('hex')}'`

const keyCases: readonly KeyCase[] = [
  {
    name: 'unsigned integers up to 2^64-1',
    columns: [['id', 'BIGINT UNSIGNED']],
    compare: [asIntegers],
    keys: [
      ...range(40).map((i) => [String(i * 7)]),
      ['18446744073709551615'],
      ['18446744073709551614'],
      ['9223372036854775808'],
    ],
  },
  {
    name: 'signed integers',
    columns: [['id', 'BIGINT']],
    compare: [asIntegers],
    keys: [...range(40).map((i) => [String(i * 7 - 140)]), ['-9223372036854775808'], ['9223372036854775807']],
  },
  {
    name: 'integers printed with zeros',
    columns: [['id', 'INT(10) UNSIGNED ZEROFILL']],
    compare: [asIntegers],
    keys: range(40).map((i) => [String(i * i)]),
  },
  {
    name: 'text in a collation that ignores case',
    columns: [['slug', 'VARCHAR(20) COLLATE utf8mb4_general_ci']],
    compare: [asBytes],
    // general_ci takes all characters beyond the basic plane for equal.
    keys: distinctWords.filter((word) => word !== '𐍈').map((word) => [word]),
  },
  {
    name: 'text in a binary collation that pads',
    columns: [['slug', 'VARCHAR(20) COLLATE utf8mb4_bin']],
    compare: [asBytes],
    keys: [...distinctWords, 'A', ...distinctWords.flatMap((word) => [`${word}\n`, `${word}\u0001b`])].map((word) => [
      word,
    ]),
  },
  {
    name: 'text in a binary collation that does not pad',
    columns: [
      ['slug', { mariadb: 'VARCHAR(20) COLLATE utf8mb4_nopad_bin', mysql: 'VARCHAR(20) COLLATE utf8mb4_0900_bin' }],
    ],
    compare: [asBytes],
    keys: [...words, 'a\n', 'A'].map((word) => [word]),
  },
  {
    name: 'long text that differs at its end only',
    columns: [['slug', 'VARCHAR(700) COLLATE utf8mb4_bin']],
    compare: [asBytes],
    keys: range(20).map((i) => ['é'.repeat(690) + String.fromCharCode(97 + ((i * 7) % 20))]),
  },
  {
    name: 'an integer and text with the characters that members escape',
    columns: [
      ['n', 'INT'],
      ['slug', 'VARCHAR(20) COLLATE utf8mb4_general_ci'],
    ],
    compare: [asIntegers, asBytes],
    keys: ['9', '10', '-3'].flatMap((n) => distinctWords.filter((word) => word !== '𐍈').map((word) => [n, word])),
  },
  {
    // Escaped, ':' stands before digits; plain, after them.
    name: 'text with the characters that members escape, and an integer',
    columns: [
      ['slug', 'VARCHAR(20) COLLATE utf8mb4_general_ci'],
      ['n', 'INT'],
    ],
    compare: [asBytes, asIntegers],
    keys: ['a', 'a:b', 'a5', 'a%', 'a%5', 'a!', ':', '%'].flatMap((slug) => ['9', '10', '-3'].map((n) => [slug, n])),
  },
  {
    // '10:1' stands after '10.5:1', '10.00:1' would stand before it.
    name: 'a decimal and an integer',
    columns: [
      ['price', 'DECIMAL(10,2)'],
      ['n', 'INT'],
    ],
    compare: [asDecimals, asIntegers],
    keys: ['0', '0.5', '10', '10.5', '10.05', '100', '-1', '-1.5'].flatMap((price) =>
      ['1', '2', '-3'].map((n) => [price, n]),
    ),
  },
  {
    name: 'a time with a fraction and an integer',
    columns: [
      ['made', 'DATETIME(3)'],
      ['n', 'INT'],
    ],
    compare: [asBytes, asIntegers],
    keys: ['2026-11-21 09:00:00', '2026-11-21 09:00:00.5', '2026-11-21 09:00:00.05', '1999-01-01 00:00:00'].flatMap(
      (made) => ['1', '10', '9', '-3'].map((n) => [made, n]),
    ),
  },
  {
    name: 'decimals',
    columns: [['price', 'DECIMAL(10,2)']],
    compare: [asDecimals],
    keys: ['0', '0.5', '0.05', '-1', '-1.5', '10', '9', '100', '10.1', '10.11', '9.99', '99.9'].map((key) => [key]),
  },
  {
    name: 'a date and a label',
    columns: [
      ['day', 'DATE'],
      ['tier', "ENUM('silver','gold','bronze','é')"],
    ],
    compare: [asBytes, asBytes],
    keys: ['2026-11-21', '2026-02-01', '1999-12-31'].flatMap((day) =>
      ['silver', 'gold', 'bronze', 'é'].map((tier) => [day, tier]),
    ),
  },
  {
    name: 'times of day with a fraction',
    columns: [['t', 'TIME(3)']],
    compare: [asBytes],
    // By bytes '-02' comes before '-12', and '100' between '09' and '11'.
    keys: ['-100', '-12', '-02', '00', '09', '11', '100', '838'].flatMap((hours) =>
      ['00:00', '00:00.5', '00:00.05', '30:00'].map((rest) => [`${hours}:${rest}`]),
    ),
  },
  {
    name: 'bytes and an integer',
    columns: [
      ['hash', 'BINARY(3)', asHex],
      ['n', 'INT'],
    ],
    compare: [asBytes, asIntegers],
    keys: ['', 'A', 'AB', 'A:', 'A\u00001', 'A\u00ff', '\u0080', '%', '\u0000b'].flatMap((hash) =>
      ['1', '10', '9'].map((n) => [hash, n]),
    ),
  },
  {
    name: 'a year and bits',
    columns: [
      ['y', 'YEAR', asNumber],
      ['flags', 'BIT(64)', asNumber],
    ],
    compare: [asIntegers, asIntegers],
    keys: ['0', '1999', '2026'].flatMap((y) => ['0', '9', '10', '18446744073709551615'].map((flags) => [y, flags])),
  },
]

const scoreCases = {
  'signed integers': {
    sql: 'BIGINT',
    compare: asIntegers,
    pool: ['5', '5', '5', '7', '-2', '0', '-9223372036854775808', '9223372036854775807', null],
  },
  'unsigned integers': {
    sql: 'BIGINT UNSIGNED',
    compare: asIntegers,
    pool: ['18446744073709551615', '18446744073709551614', '0', '0', '9007199254740993', '9007199254740992', null],
  },
  decimals: {
    sql: 'DECIMAL(65,30)',
    compare: asDecimals,
    pool: [
      '12345678901234567890123456789012345.123456789012345678901234567891',
      '12345678901234567890123456789012345.123456789012345678901234567892',
      '-0.000000000000000000000000000001',
      '0',
      '0',
      null,
    ],
  },
  doubles: {
    sql: 'DOUBLE',
    compare: asDoubles,
    pool: ['0.1', '0.30000000000000004', '0.3', '0.3', '-1e-300', '1.7976931348623157e+308', '5e-324', '0', null],
  },
  years: { sql: 'YEAR', compare: asIntegers, pool: ['0', '0', '1901', '2155', '2026', '2026', null] },
} as const

/** Deterministic: a failure repeats with the seed in its name. */
const generator = (seed: number) => () => {
  seed = (Math.imul(seed, 1664525) + 1013904223) >>> 0
  return seed / 2 ** 32
}

const seed = Number(process.env.RANKTIDE_TEST_SEED ?? 20261121)

const orders = (['desc', 'asc'] as Direction[]).flatMap((direction) =>
  (['newest', 'oldest', 'redis'] as Ties[]).map((ties) => ({ direction, ties })),
)

/** What a refill returned, sorted by the order that boards use, which thereby has to be the oracle's, too. */
const keysRead = (pool: MysqlPool, board: BoardSpec, limit: number) =>
  pool.use(async (session) => {
    const { rows, complete } = await readBoard(session, board, limit)
    const places = rows.map(({ key, image }) => {
      const exact = rankOf(rankingOf(board), image) ?? 'not ranked'
      return { key, exact, score: Number(exact) }
    })
    return { keys: places.sort(orderOf(board)).map(({ key }) => key), complete }
  })

describe.each(databaseNames)('%s', (name) => {
  let sandbox: Sandbox
  beforeAll(async () => {
    sandbox = await openSandbox(name, 'order')
  })
  afterAll(() => sandbox.close())

  const check = async (key: KeyCase, score: (typeof scoreCases)[keyof typeof scoreCases]): Promise<void> => {
    const random = generator(seed)
    const rows: TestRow[] = key.keys.map((parts) => ({
      key: parts,
      score: score.pool[Math.floor(random() * score.pool.length)] ?? null,
    }))
    const columns = key.columns.map(
      ([column, sql]) => `${column} ${typeof sql === 'string' ? sql : sql[name]} NOT NULL`,
    )
    const names = key.columns.map(([column]) => column)
    await sandbox.run(
      'DROP TABLE IF EXISTS t',
      `CREATE TABLE t (${columns.join(', ')}, score ${score.sql} NULL, PRIMARY KEY (${names.join(', ')}), KEY (score))`,
    )
    for (const row of rows) {
      const parts = row.key.map((part, i) => key.columns[i]?.[2]?.(part) ?? '?').join(', ')
      const params = row.key.filter((_, i) => key.columns[i]?.[2] === undefined)
      await sandbox.query(`INSERT INTO t VALUES (${parts}, ${row.score ?? 'NULL'})`, params)
    }
    const table = await sandbox.shapeOf('t', { scores: ['score'], columns: [] })
    const ranked = rows.filter((row) => row.score !== null).length
    for (const order of orders) {
      const board = boardOn(table, 'score', order)
      const sorted = oracle(rows, board, score.compare, key.compare)
      for (let limit = 1; limit <= ranked + 1; limit += limit < 12 ? 1 : 3) {
        const expected = { keys: sorted.slice(0, limit), complete: limit > ranked }
        const where = `seed ${seed}, ${order.direction}, ties ${order.ties}, limit ${limit}`
        expect(await keysRead(sandbox.pool, board, limit), where).toEqual(expected)
      }
    }
  }

  test.each(keyCases)('keys: $name', (key) => check(key, scoreCases['signed integers']))

  test.each(Object.entries(scoreCases))('scores: %s', async (_, score) => {
    const [unsigned] = keyCases
    if (unsigned !== undefined) await check(unsigned, score)
  })
})
