// The database comes to the same scores and filters as the board, to the last bit: random expressions over random rows.
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { ExpressionFault } from '../../src/core/expression-fault.js'
import { compileCondition, compileNumber } from '../../src/core/expression-value.js'
import type { Image, TableShape } from '../../src/core/table.js'
import { filterSql, scoreSql } from '../../src/databases/mysql/expression-sql.js'
import { imageOf } from '../../src/databases/mysql/read-board.js'
import { selectedValue } from '../../src/databases/mysql/refill-query.js'
import { Draws } from '../support/draws.js'
import { conditionOn, scoreOn } from '../support/expressions.js'
import { databaseNames, openSandbox, type Sandbox } from '../support/mysql-sandbox.js'
import { RandomExpression } from '../support/random-expression.js'

const columns = {
  id: 'bigint unsigned NOT NULL PRIMARY KEY',
  n: 'bigint',
  u: 'bigint unsigned',
  tiny: 'tinyint',
  d: 'decimal(20,4)',
  wide: 'decimal(65,30)',
  f: 'double',
  b: 'bit(64)',
  y: 'year',
  s: 'varchar(20) CHARACTER SET utf8mb4',
  bin: 'varchar(20) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin',
  c: 'char(8) CHARACTER SET utf8mb4',
  narrow: 'varchar(20) CHARACTER SET utf8mb3',
  a: 'varchar(20) CHARACTER SET ascii',
  e: "enum('on','Off','é','') CHARACTER SET latin1",
  tags: "set('x','Y','z')",
  made: 'datetime',
  weight: 'float',
} as const

const integers = [
  '0',
  '1',
  '-1',
  '2',
  '7',
  '100',
  '24',
  '2024',
  '9007199254740993',
  '9223372036854775807',
  '-9223372036854775808',
]
const unsigned = ['0', '1', '2', '7', '100', '9007199254740993', '18446744073709551615']
const decimals = ['0', '0.1', '-0.1', '1.5', '7', '100', '-9007199254740993.0001', '1234567890123456.7891']
const wides = ['0', '0.000000000000000000000000000001', '12345678901234567890123456789012345.5', '-0.3', '7']
const doubles = [
  '0',
  '0.1',
  '-0.1',
  '7',
  '1e-80',
  '1e80',
  '1.7976931348623157e308',
  '5e-324',
  '9007199254740993',
  '0.30000000000000004',
]
const texts = ['', 'a', 'A', 'on', 'ON', 'é', 'e', 'Off', '上架', 'a ', ' a', 'x,z', "it's", '\\', 'ß', 'ss', '%', '0']
const values: Readonly<Record<keyof typeof columns, readonly string[]>> = {
  id: [],
  n: integers,
  u: unsigned,
  tiny: ['0', '1', '-1', '2', '7', '24', '100'],
  d: decimals,
  wide: wides,
  f: doubles,
  b: unsigned,
  y: ['1901', '2024', '2000', '2155'],
  s: [...texts, '😀'],
  bin: [...texts, '😀'],
  c: [...texts, '😀'],
  narrow: texts,
  a: texts.filter((text) => /^[ -~]*$/.test(text)),
  e: ['on', 'Off', 'é', ''],
  tags: ['x', 'Y', 'z', 'x,z', ''],
  made: ['2026-01-01 00:00:00'],
  weight: ['1.5'],
}

const seed = Number(process.env.RANKTIDE_SEED ?? Math.floor(Math.random() * 2 ** 31))
const rowCount = 150
const [rounds, perRound] = [25, 20]

describe.each(databaseNames)('%s', (name) => {
  let sandbox: Sandbox
  let shape: TableShape

  beforeAll(async () => {
    sandbox = await openSandbox(name, 'expressions')
    const definition = Object.entries(columns).map(([column, type]) => `\`${column}\` ${type}`)
    // What an index serves, the server judges by ranges: they have to come to the same.
    const indexes = ['n', 'u', 'd', 'wide', 'f', 'b', 'y', 's', 'bin', 'c', 'narrow', 'a', 'e', 'tags', 'made']
    definition.push(...indexes.map((column) => `KEY (\`${column}\`)`))
    await sandbox.run(`CREATE TABLE t (${definition.join(', ')}) ENGINE=InnoDB`)
    const draws = new Draws()
    draws.seed(seed)
    const rows = Array.from({ length: rowCount }, (_, i) =>
      Object.entries(values).map(([column, of]) =>
        column === 'id' ? String(i) : draws.below(6) === 0 ? null : (of[draws.below(of.length)] ?? null),
      ),
    )
    const bits = Object.keys(columns).indexOf('b')
    const sql = rows.map((row) => `(${row.map((value, i) => literal(value, i === bits)).join(',')})`)
    await sandbox.run(`INSERT INTO t VALUES ${sql.join(',')}`)
    shape = await sandbox.shapeOf('t', { scores: [], columns: Object.keys(columns) })
  })
  afterAll(() => sandbox.close())

  const literal = (value: string | null, number: boolean): string =>
    value === null ? 'NULL' : number ? value : `'${value.replaceAll('\\', '\\\\').replaceAll("'", "''")}'`

  const numbers = [...new Set([...integers, ...decimals, ...doubles, ...wides])]
  const random = (draws: Draws) => new RandomExpression(draws, shape, { numbers, texts: [...texts, '😀'] })

  /** Rows with what SQL says of every expression. */
  const ask = async (expressions: readonly string[]) => {
    const shown = shape.columns.map(selectedValue)
    const { rows } = await sandbox.query(`SELECT ${[...shown, ...expressions].join(', ')} FROM t`)
    return rows.map((row) => ({ image: imageOf(shape, row), told: row.slice(shown.length) }))
  }

  /** Random texts that are accepted: what could overflow is not. */
  const accepted = <T>(draw: () => string, resolve: (source: string) => T): { source: string; expression: T } => {
    for (;;) {
      const source = draw()
      try {
        return { source, expression: resolve(source) }
      } catch (error) {
        if (!(error instanceof ExpressionFault) || !/past 1e\+300|depends on a column/.test(error.message)) throw error
      }
    }
  }

  test(`${rounds * perRound} scores, seed ${seed}`, async () => {
    const draws = new Draws()
    draws.seed(seed + 1)
    const generator = random(draws)
    let numbersSeen = 0
    for (let round = 0; round < rounds; round++) {
      const drawn = Array.from({ length: perRound }, () =>
        accepted(
          () => generator.number(1 + draws.below(4)),
          (source) => scoreOn(shape, source),
        ),
      )
      const rows = await ask(drawn.map(({ expression }) => scoreSql(expression, shape)))
      for (const [i, { source, expression }] of drawn.entries()) {
        const score = compileNumber(expression, shape)
        for (const { image, told } of rows) {
          const ours = score(image)
          const theirs = told[i] ?? null
          if (theirs !== null) numbersSeen += 1
          const same = theirs === null ? Number.isNaN(ours) : Object.is(Number(theirs) + 0, ours + 0)
          if (!same) expect(`${theirs}`, `${source} of ${show(shape, image)}`).toBe(String(ours))
        }
      }
    }
    expect(numbersSeen).toBeGreaterThan((rounds * perRound * rowCount) / 4)
  })

  test(`${rounds * perRound} filters, seed ${seed}`, async () => {
    const draws = new Draws()
    draws.seed(seed + 2)
    const generator = random(draws)
    const seen = { true: 0, false: 0 }
    for (let round = 0; round < rounds; round++) {
      const drawn = Array.from({ length: perRound }, () =>
        accepted(
          () => generator.condition(draws.below(4)),
          (source) => conditionOn(shape, source),
        ),
      )
      const rows = await ask(drawn.map(({ expression }) => `(${filterSql(expression, shape).join(' AND ')}) IS TRUE`))
      for (const [i, { source, expression }] of drawn.entries()) {
        const holds = compileCondition(expression, shape)
        for (const { image, told } of rows) {
          const ours = holds(image)
          seen[`${ours}`] += 1
          if (ours !== (told[i] === '1')) expect(told[i], `${source} of ${show(shape, image)}`).toBe(ours)
        }
        if (i % 4 > 0) continue
        const found = await sandbox.query(`SELECT id FROM t WHERE ${filterSql(expression, shape).join(' AND ')}`)
        const expected = rows.filter(({ image }) => holds(image)).map(({ image }) => Number(image[0]))
        const ids = found.rows.map(([id]) => Number(id)).sort((x, y) => x - y)
        expect(ids, source).toEqual(expected.sort((x, y) => x - y))
      }
    }
    expect(Math.min(seen.true, seen.false)).toBeGreaterThan((rounds * perRound * rowCount) / 8)
  })
})

const show = (table: TableShape, image: Image): string =>
  JSON.stringify(Object.fromEntries(table.columns.map(({ name }, i) => [name, image[i]])))
