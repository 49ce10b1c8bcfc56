/**
 * What Canal 1.1.7 sent for MySQL 9.7 and MariaDB 10.11, folded into tables, against the rows that the server had after
 * each scenario.
 */
import { isLeft } from 'fp-ts/lib/Either.js'
import { describe, expect, it } from 'vitest'
import { canonicalValue } from '../../src/core/canonical.js'
import type { Decoded, DecodedEvent, RefusedMessage } from '../../src/core/change.js'
import { memberOf } from '../../src/core/member.js'
import type { ColumnType, Image, TableShape, Value } from '../../src/core/table.js'
import { canalJson } from '../../src/formats/canal-json.js'
import { readLines, recordedMessages, recordedScenarios } from '../support/recorded.js'
import {
  bigint,
  bytes,
  datetime,
  decimal,
  tableShape,
  timestamp,
  unsignedBigint,
  varchar,
} from '../support/table-shapes.js'

const encoder = new TextEncoder()

// The columns of `interactives` but collect_cnt, which s20 renames and renames back: see its own test below.
const interactiveColumns = {
  id: unsignedBigint,
  biz_id: bigint,
  biz: varchar,
  read_cnt: bigint,
  like_cnt: bigint,
  ctime: bigint,
  utime: bigint,
}

const typesColumns: Readonly<Record<string, ColumnType>> = {
  id: unsignedBigint,
  c_dec: decimal,
  c_dec0: decimal,
  c_dt: datetime,
  c_dt6: datetime,
  c_date: datetime,
  c_time: datetime,
  c_ts: timestamp,
  c_year: { kind: 'year' },
  c_json: varchar,
  c_enum: { kind: 'enum', labels: ['a', 'b', 'c,d', 'é'] },
  c_set: { kind: 'set', labels: ['x', 'y', 'z'] },
  c_bit1: { kind: 'bit' },
  c_bit8: { kind: 'bit' },
  c_bit64: { kind: 'bit' },
  c_f: { kind: 'float' },
  c_d: { kind: 'double' },
  c_t1: bigint,
  c_tu: unsignedBigint,
  c_su: unsignedBigint,
  c_mu: unsignedBigint,
  c_iu: unsignedBigint,
  c_bi: bigint,
  c_bu: unsignedBigint,
  c_char: varchar,
  c_vc: varchar,
  c_text: varchar,
  c_bin: bytes,
  c_vbin: bytes,
  c_blob: bytes,
}

const interactives = tableShape('webook.interactives', interactiveColumns, ['id'])
const swapped = tableShape('webook.interactives_new', interactiveColumns, ['id'])
const retired = tableShape('webook.interactives_old', interactiveColumns, ['id'])
const types = tableShape('webook.types', typesColumns, ['id'])
const comp = tableShape('webook.comp', { a: bigint, b: varchar, v: bigint }, ['a', 'b'])
const other = tableShape('webook.other', { id: bigint, v: varchar }, ['id'])
const tracked = [interactives, swapped, retired, types, comp, other]

/** Python's text of a TIME: `-1 day, 11:25:03.211000` is -12:34:56.789. */
const timeOf = (text: string): string => {
  const match = /^(?:(-?\d+) days?, )?(\d+):(\d+):(\d+)(?:\.(\d+))?$/.exec(text)
  if (match === null) throw new Error(`no time: ${text}`)
  const [, days = '0', hours = '0', minutes = '0', seconds = '0', fraction = ''] = match
  const micros =
    (((Number(days) * 24 + Number(hours)) * 60 + Number(minutes)) * 60 + Number(seconds)) * 1e6 +
    Number(fraction.padEnd(6, '0'))
  const size = Math.abs(micros)
  const two = (value: number): string => String(Math.floor(value)).padStart(2, '0')
  const clock = `${two(size / 3.6e9)}:${two((size / 6e7) % 60)}:${two((size / 1e6) % 60)}`
  return `${micros < 0 ? '-' : ''}${clock}.${String(size % 1e6).padStart(6, '0')}`
}

/** The canonical text of a value that the server's client printed. */
const serverValue = (column: string, type: ColumnType, raw: string | null): Value | undefined => {
  if (raw === null) return null
  if (column === 'c_time') return canonicalValue(type, timeOf(raw))
  if (type.kind === 'bytes') return canonicalValue(type, Buffer.from(raw, 'hex').toString('latin1'))
  if (type.kind === 'decimal' && raw === '0E-10') return '0'
  return canonicalValue(type, raw)
}

type Rows = Map<string, Image>

const serverRows = (shape: TableShape, rows: readonly Readonly<Record<string, string | null>>[]): Rows =>
  new Map(
    rows.map((row) => {
      const image = shape.columns.map(({ name, type }) => {
        const raw = row[type.kind === 'bytes' ? `${name}_hex` : name]
        const value = raw === undefined ? undefined : serverValue(name, type, raw)
        if (value === undefined) throw new Error(`${shape.id}: no ${name} in the recording`)
        return value
      })
      return [memberOf(shape, image) ?? '', image] as const
    }),
  )

/** The tables as the events tell them. `renamed` is followed as s22 renames: interactives → _old, _new → interactives. */
const foldTables = (shapes: readonly TableShape[]) => {
  const tables = new Map<TableShape, Rows>(shapes.map((shape) => [shape, new Map()]))
  const rowsOf = (shape: TableShape): Rows => tables.get(shape) ?? new Map()
  const apply = (event: DecodedEvent): void => {
    if (event.kind === 'row') {
      if (event.after === null) rowsOf(event.table).delete(event.key)
      else rowsOf(event.table).set(event.key, event.after)
    } else if (event.kind === 'truncate') rowsOf(event.table).clear()
    else if (event.kind === 'renamed' && event.table === interactives) {
      tables.set(retired, rowsOf(interactives))
      tables.set(interactives, rowsOf(swapped))
      tables.set(swapped, new Map())
    }
  }
  return { rowsOf, apply }
}

const single = recordedMessages('mysql.single.jsonl.gz')
const scenarios = recordedScenarios('mysql.oracle.jsonl.gz')
const isRegular = (scenario: string): boolean => scenario.startsWith('s') || scenario.startsWith('h1')

interface Step {
  readonly scenario: string
  readonly offset: number
  readonly decoded: Decoded | undefined
  readonly refused: RefusedMessage | undefined
}

const decodeAll = (shapes: readonly TableShape[]): readonly Step[] => {
  const decode = canalJson(shapes)
  return single.map(({ scenario, offset, value }) => {
    const result = decode(encoder.encode(value))
    return isLeft(result)
      ? { scenario, offset, decoded: undefined, refused: result.left }
      : { scenario, offset, decoded: result.right, refused: undefined }
  })
}

const refusalsOf = (steps: readonly Step[]) =>
  steps.flatMap(({ scenario, offset, refused }) =>
    refused === undefined
      ? []
      : [{ scenario, offset, code: refused.refusal.code, tables: refused.tables?.map((table) => table.id) }],
  )

const steps = decodeAll(tracked)
const stepsOf = (prefix: string): readonly Step[] => steps.filter(({ scenario }) => scenario.startsWith(prefix))

describe('MySQL, recorded in one partition', () => {
  it('after each regular scenario the folded tables equal those of the server', () => {
    const folded = foldTables(tracked)
    const compared: string[] = []
    for (const { scenario, tables } of scenarios.filter(({ scenario }) => isRegular(scenario))) {
      for (const step of steps) if (step.scenario === scenario) step.decoded?.events.forEach(folded.apply)
      for (const shape of [interactives, retired, types, comp, other]) {
        const expected = serverRows(shape, tables[shape.table] ?? [])
        expect(folded.rowsOf(shape), `${shape.table} after ${scenario}`).toEqual(expected)
      }
      compared.push(scenario)
    }
    expect(compared).toHaveLength(34)
  })

  it('refuses exactly the messages that cannot be trusted, and says why', () => {
    const id = 'webook.interactives(id)'
    expect(refusalsOf(steps)).toEqual([
      // The ranked column has another name, in the scenario and when it is sent again.
      { scenario: 's21_rename_column_target', offset: 272, code: 'ROW_IMAGE', tables: [id] },
      { scenario: 's37_rewind_over_ddl', offset: 2684, code: 'ROW_IMAGE', tables: [id] },
      { scenario: 'h3_sqlstmt_binlog', offset: 5069, code: 'STATEMENT_FORMAT', tables: [id] },
      { scenario: 'h4_minimal_image', offset: 5072, code: 'ROW_IMAGE', tables: [id] },
      { scenario: 'h4_minimal_image', offset: 5073, code: 'ROW_IMAGE', tables: [id] },
    ])
  })

  it('a board that tracks another renamed column (s20) is told so, too', () => {
    const shape = tableShape('webook.interactives', { ...interactiveColumns, collect_cnt: bigint }, ['id'])
    const codes = refusalsOf(decodeAll([shape])).filter(({ scenario }) => scenario.startsWith('s20'))
    expect(codes.length).toBeGreaterThan(0)
    expect(new Set(codes.map(({ code }) => code))).toEqual(new Set(['ROW_IMAGE']))
  })

  it('h5: a change that is not in the binary log leaves no trace in the feed', () => {
    expect(stepsOf('h5').flatMap(({ decoded }) => decoded?.events ?? [])).toEqual([])
    const before = scenarios.find(({ scenario }) => scenario.startsWith('h4'))?.tables.interactives
    const after = scenarios.find(({ scenario }) => scenario.startsWith('h5'))?.tables.interactives
    expect(after).not.toEqual(before)
  })

  it('h9: a partial JSON update stops Canal: the feed just ends', () => {
    expect(stepsOf('h9')).toEqual([])
    expect(scenarios.some(({ scenario }) => scenario.startsWith('h9'))).toBe(true)
  })

  it('a table without a primary key cannot be tracked without a configured key', () => {
    const nopk = tableShape('webook.nopk', { a: bigint, b: varchar }, [])
    const codes = refusalsOf(decodeAll([nopk])).map(({ code }) => code)
    expect(codes.length).toBeGreaterThanOrEqual(3)
    expect(new Set(codes)).toEqual(new Set(['NO_PK']))
  })

  it('a latin1 column arrives broken: usable as a column, refused as a key', () => {
    const lat: ColumnType = { kind: 'text', binary: false, faithful: false }
    const values = decodeAll([tableShape('webook.types', { id: unsignedBigint, c_lat: lat }, ['id'])])
      .flatMap(({ decoded }) => decoded?.events ?? [])
      .flatMap((event) => (event.kind === 'row' ? [event.after?.[1]] : []))
    expect(values).toContain('na\uFFFDve caf\uFFFD')
    const keyed = decodeAll([tableShape('webook.types', { c_lat: lat }, ['c_lat'], ['id'])])
    expect(refusalsOf(keyed).map(({ code }) => code)).toContain('CHARSET')
  })

  it('names the DDL of interactives in its order', () => {
    const controls = steps
      .filter(({ scenario }) => /^s2[0-3]/.test(scenario))
      .flatMap(({ decoded }) => decoded?.events ?? [])
      .flatMap((event) =>
        event.kind !== 'row' && event.kind !== 'marker' ? [`${event.kind} ${event.table?.table}`] : [],
      )
    expect(controls).toEqual([
      ...Array.from({ length: 5 }, () => 'altered interactives'),
      ...Array.from({ length: 2 }, () => 'altered interactives'),
      'renamed interactives',
      'renamed interactives_old',
      'renamed interactives_new',
      'truncate interactives',
      'truncate interactives_old',
    ])
  })

  it('every message tells its batch and its commit time; before-images are matched', () => {
    for (const { decoded } of steps) {
      if (decoded === undefined) continue
      expect(decoded.batchId).toBeGreaterThan(0)
      expect((decoded.es ?? 0) % 1000).toBe(0)
      expect(decoded.discardedBefore).toBe(0)
    }
  })

  it('a before-image is the row that the table held, wherever the feed goes forward', () => {
    const folded = foldTables(tracked)
    let checked = 0
    for (const { decoded } of stepsOf('s').filter(({ scenario }) => scenario < 's20')) {
      for (const event of decoded?.events ?? []) {
        if (event.kind === 'row' && event.before !== undefined) {
          expect(event.before).toEqual(folded.rowsOf(event.table).get(event.key))
          checked++
        }
        folded.apply(event)
      }
    }
    expect(checked).toBeGreaterThan(200)
  })
})

describe('MariaDB, all kinds of events', () => {
  const score = tableShape('rank_demo.player_score', { id: unsignedBigint, board: varchar, score: decimal }, ['id'])
  const pairs = tableShape('rank_demo.comp', { g: bigint, u: bigint, s: bigint }, ['g', 'u'])
  const decode = canalJson([score, pairs])
  const results = readLines('mariadb.all-events.jsonl').map((line) => decode(encoder.encode(line)))
  const events = results.flatMap((result) => (isLeft(result) ? [] : result.right.events))

  it('refuses the minimal image and the statement, nothing else', () => {
    const codes = results.flatMap((result) => (isLeft(result) ? [result.left.refusal.code] : []))
    expect(codes).toEqual(['ROW_IMAGE', 'STATEMENT_FORMAT'])
  })

  it('tells DDL and XA rollback', () => {
    const controls = events.flatMap((event) =>
      event.kind === 'row' || event.kind === 'marker' ? [] : [`${event.kind} ${event.table?.table}`],
    )
    expect(controls).toEqual([
      'key-change player_score',
      'key-change comp',
      'key-change comp',
      'altered player_score',
      'altered player_score',
      'renamed player_score',
      'renamed comp',
      'renamed player_score',
      'truncate player_score',
      'xa-rollback player_score',
      'xa-rollback comp',
      'truncate player_score',
      'truncate comp',
    ])
  })

  it('a composite key moves from one member to another', () => {
    const changes = events.flatMap((event) =>
      event.kind === 'row' && event.table === pairs ? [[event.key, event.after]] : [],
    )
    expect(changes.slice(2)).toEqual([
      ['1:1', null],
      ['1:11', ['1', '11', '6']],
      ['1:2', null],
      ['1:12', ['1', '12', '7']],
    ])
  })

  it('ids of 2^64-1 and decimals are exact, without the scale', () => {
    const first = events.find((event) => event.kind === 'row')
    expect(first).toMatchObject({
      key: '18446744073709551615',
      after: ['18446744073709551615', 'daily', '1234567890123456.7891'],
      before: undefined,
    })
  })
})
