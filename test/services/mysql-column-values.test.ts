// A refilled row equals its stream image byte for byte: the texts that Canal 1.1.7 sent for these very statements.
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { canonicalValue } from '../../src/core/canonical.js'
import type { ColumnType, Image, Value } from '../../src/core/table.js'
import { readBoard } from '../../src/databases/mysql/read-board.js'
import { boardOn, databaseNames, openSandbox, type Sandbox } from '../support/mysql-sandbox.js'

const createTypes = `CREATE TABLE types (id bigint unsigned NOT NULL PRIMARY KEY, c_dec decimal(30,10), c_dec0 decimal(10,0),
  c_dt datetime, c_dt6 datetime(6), c_date date, c_time time(3), c_ts timestamp(6) NULL, c_year year,
  c_enum enum('a','b','c,d','é'), c_set set('x','y','z'), c_bit1 bit(1), c_bit8 bit(8), c_bit64 bit(64), c_f float,
  c_d double, c_t1 tinyint(1), c_tu tinyint unsigned, c_su smallint unsigned, c_mu mediumint unsigned,
  c_iu int unsigned, c_bi bigint, c_bu bigint unsigned, c_char char(10), c_vc varchar(200), c_text text,
  c_bin binary(4), c_vbin varbinary(16), c_blob blob) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4`

const inserts = [
  `INSERT INTO types VALUES (1,'12345678901234567890.0123456789',-5,'2024-02-29 23:59:59','2024-02-29 23:59:59.999999',
   '2024-02-29','-12:34:56.789','2024-02-29 23:59:59.123456',2024,'c,d','x,z',b'1',b'10000001',
   b'1111111111111111111111111111111111111111111111111111111111111111',1.1,1.1,1,255,65535,16777215,4294967295,
   -9223372036854775808,18446744073709551615,'pad','varchar 😀','text\\nline',x'01020300',x'00ff80',x'deadbeef00')`,
  `INSERT INTO types VALUES (2,'-0.0000000001',9999999999,'1000-01-01 00:00:00','1970-01-01 00:00:00.000001',
   '0001-01-01','838:59:59.000','1970-01-01 00:00:01',1901,'a','',b'0',b'0',b'0',-3.4e38,1.7976931348623157e308,0,0,0,0,
   0,9223372036854775807,0,'','','',x'',x'',x'')`,
  `INSERT INTO types (id) VALUES (3)`,
  `INSERT INTO types VALUES (4,'1.5',0,'2024-01-01 00:00:00','2024-01-01 00:00:00','2024-01-01','00:00:00',
   '2024-01-01 00:00:00',2000,'é','x',b'1',b'00000010',b'101',0.1,1e-7,127,1,1,1,1,1,1,'a b','v','t',x'41424344',x'41',
   x'41')`,
]

/** `data` of the recorded messages (MySQL 9.7, Canal 1.1.7, JVM in UTC); what is not named is null. */
const canal: readonly Readonly<Record<string, string>>[] = [
  {
    id: '1',
    c_dec: '12345678901234567890.0123456789',
    c_dec0: '-5',
    c_dt: '2024-02-29 23:59:59',
    c_dt6: '2024-02-29 23:59:59.999999',
    c_date: '2024-02-29',
    c_time: '-12:34:56.789',
    c_ts: '2024-02-29 23:59:59.123456',
    c_year: '2024',
    c_enum: '3',
    c_set: '5',
    c_bit1: '1',
    c_bit8: '129',
    c_bit64: '18446744073709551615',
    c_f: '1.1',
    c_d: '1.1',
    c_t1: '1',
    c_tu: '255',
    c_su: '65535',
    c_mu: '16777215',
    c_iu: '4294967295',
    c_bi: '-9223372036854775808',
    c_bu: '18446744073709551615',
    c_char: 'pad',
    c_vc: 'varchar 😀',
    c_text: 'text\nline',
    c_bin: '\u0001\u0002\u0003',
    c_vbin: '\u0000ÿ\u0080',
    c_blob: 'Þ\u00ad¾ï\u0000',
  },
  {
    id: '2',
    c_dec: '-0.0000000001',
    c_dec0: '9999999999',
    c_dt: '1000-01-01 00:00:00',
    c_dt6: '1970-01-01 00:00:00.000001',
    c_date: '0001-01-01',
    c_time: '838:59:59.000',
    c_ts: '1970-01-01 00:00:01.000000',
    c_year: '1901',
    c_enum: '1',
    c_set: '0',
    c_bit1: '0',
    c_bit8: '0',
    c_bit64: '0',
    c_f: '-3.4E38',
    c_d: '1.7976931348623157E308',
    c_t1: '0',
    c_tu: '0',
    c_su: '0',
    c_mu: '0',
    c_iu: '0',
    c_bi: '9223372036854775807',
    c_bu: '0',
    c_char: '',
    c_vc: '',
    c_text: '',
    c_bin: '',
    c_vbin: '',
    c_blob: '',
  },
  { id: '3' },
  {
    id: '4',
    c_dec: '1.500000000',
    c_dec0: '0',
    c_dt: '2024-01-01 00:00:00',
    c_dt6: '2024-01-01 00:00:00.000000',
    c_date: '2024-01-01',
    c_time: '00:00:00.000',
    c_ts: '2024-01-01 00:00:00.000000',
    c_year: '2000',
    c_enum: '4',
    c_set: '1',
    c_bit1: '1',
    c_bit8: '2',
    c_bit64: '5',
    c_f: '0.1',
    c_d: '1.0E-7',
    c_t1: '127',
    c_tu: '1',
    c_su: '1',
    c_mu: '1',
    c_iu: '1',
    c_bi: '1',
    c_bu: '1',
    c_char: 'a b',
    c_vc: 'v',
    c_text: 't',
    c_bin: 'ABCD',
    c_vbin: 'A',
    c_blob: 'A',
  },
]

/** Canal names labels by number: an ENUM by its place, a SET by its bits. */
const streamValue = (type: ColumnType, text: string): Value | undefined => {
  if (type.kind === 'enum') return type.labels[Number(text) - 1] ?? ''
  if (type.kind === 'set') return type.labels.filter((_, bit) => (BigInt(text) >> BigInt(bit)) & 1n).join(',')
  return canonicalValue(type, text)
}

describe.each(databaseNames)('%s', (name) => {
  let sandbox: Sandbox
  beforeAll(async () => {
    sandbox = await openSandbox(name, 'values')
  })
  afterAll(() => sandbox.close())

  const readImages = async (table: string, columns: readonly string[], timeZone = '+00:00') => {
    const shape = await sandbox.shapeOf(table, { scores: ['id'], columns })
    const board = boardOn(shape, 'id', { direction: 'asc', ties: 'oldest' })
    const { rows } = await sandbox.open({ timeZone }).use((session) => readBoard(session, board, 100))
    return { shape, images: rows.map(({ image }) => image) }
  }

  test('every column type comes as Canal sends it', async () => {
    await sandbox.run(createTypes, ...inserts)
    const names = Object.keys(canal[0] ?? {})
    const { shape, images } = await readImages('types', names)
    const stream: Image[] = canal.map((row) =>
      shape.columns.map((column) =>
        row[column.name] === undefined ? null : (streamValue(column.type, row[column.name] ?? '') ?? 'not a value'),
      ),
    )
    expect(shape.columns.map((column) => column.name)).toEqual(names)
    expect(images).toEqual(stream)
  })

  test('TIMESTAMP is printed in the zone of Canal, DATETIME as it is stored', async () => {
    await sandbox.run(
      'CREATE TABLE zoned (id INT PRIMARY KEY, ts TIMESTAMP NULL, dt DATETIME)',
      "INSERT INTO zoned VALUES (1, '2026-01-01 00:00:00', '2026-01-01 00:00:00')",
    )
    const { images } = await readImages('zoned', ['ts', 'dt'], '+08:00')
    expect(images).toEqual([['1', '2026-01-01 08:00:00', '2026-01-01 00:00:00']])
  })

  test('what a column only prints in another way is the same value', async () => {
    await sandbox.run(
      'CREATE TABLE printed (id INT(6) UNSIGNED ZEROFILL PRIMARY KEY, n BIGINT(20) UNSIGNED ZEROFILL, d DOUBLE(20,2), y YEAR)',
      'INSERT INTO printed VALUES (42, 7, 12345678901234567.89, 0)',
    )
    const { images } = await readImages('printed', ['n', 'd', 'y'])
    expect(images).toEqual([['42', '7', '12345678901234568', '0']])
  })

  test('strings come exactly', async () => {
    const texts = [
      '',
      ' a ',
      'null',
      '\ufeffbom',
      'q"\\\'`',
      '\u0000\u0001\u001f',
      '\u2028',
      '👩‍👩‍👧',
      'é',
      'e\u0301',
      '%_',
    ]
    await sandbox.run('CREATE TABLE texts (id INT PRIMARY KEY, s VARCHAR(40))')
    await sandbox.insert(
      'texts',
      texts.map((text, i) => [String(i), text]),
    )
    const { images } = await readImages('texts', ['s'])
    expect(images.map(([, text]) => text)).toEqual(texts)
  })

  test('labels keep quotes, commas and backslashes, whatever charset they are stored in', async () => {
    await sandbox.run(
      "CREATE TABLE labels (id INT PRIMARY KEY, e ENUM('it''s','a,b','b\\\\c','é') CHARACTER SET latin1, s SET('x y','ü'))",
      "INSERT INTO labels VALUES (1,'it''s','x y,ü'), (2,'a,b',''), (3,'b\\\\c',NULL), (4,'é','ü')",
    )
    const { shape, images } = await readImages('labels', ['e', 's'])
    expect(shape.columns[1]?.type).toEqual({ kind: 'enum', labels: ["it's", 'a,b', 'b\\c', 'é'] })
    expect(images.map(([, e, s]) => [e, s])).toEqual([
      ["it's", 'x y,ü'],
      ['a,b', ''],
      ['b\\c', null],
      ['é', 'ü'],
    ])
  })

  test('doubles and floats come back as the same bits', async () => {
    const doubles = [
      5e-324,
      2.2250738585072014e-308,
      1.7976931348623157e308,
      -1.2345678901234568e-300,
      0.1 + 0.2,
      1e21,
      2 ** 53 + 2,
    ]
    const floats = [3.14, 16777216, 1e-45, 3.4028234663852886e38, -0.1].map(Math.fround)
    await sandbox.run('CREATE TABLE reals (id INT PRIMARY KEY, d DOUBLE, f FLOAT)')
    await sandbox.insert(
      'reals',
      doubles.map((d, i) => [String(i), String(d), floats[i] === undefined ? null : String(floats[i])]),
    )
    const { images } = await readImages('reals', ['d', 'f'])
    expect(images.map(([, d]) => Number(d))).toEqual(doubles)
    expect(images.slice(0, floats.length).map(([, , f]) => Math.fround(Number(f)))).toEqual(floats)
  })
})
