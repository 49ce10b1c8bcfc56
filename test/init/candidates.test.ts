import { describe, expect, test } from 'vitest'
import { RanktideError } from '../../src/core/errors.js'
import { candidatesOf, type Survey, type Wishes } from '../../src/init/candidates.js'

/** `database.table(rows): column, column*` where a star is an index that begins with the column, a hash a key. */
const survey = (...lines: readonly string[]): Survey => {
  const parsed = lines.map((line) => {
    const [, database = '', table = '', rows = '', columns = ''] = /^(\S+?)\.(\S+)\((\d+)\): (.*)$/.exec(line) ?? []
    return { database, table, rows: Number(rows), columns: columns.split(', ') }
  })
  return {
    database: undefined,
    tables: parsed.map(({ database, table, rows }) => ({ database, table, rows })),
    columns: parsed.flatMap(({ database, table, columns }) =>
      columns.map((text) => ({
        database,
        table,
        column: text.replace(/[*#]/, ''),
        sqlType: 'bigint(20)',
        isKey: text.endsWith('#'),
        indexed: /[*#]$/.test(text),
      })),
    ),
  }
}
const webook = survey(
  'webook.articles(900): id#, author_id*, word_count',
  'webook.comments(50000): id#, likes, reply_cnt',
  'webook.interactives(50000): id#, biz_id, read_cnt, like_cnt, collect_cnt, ctime',
)

const found = (of: Survey, wishes: Partial<Wishes> = {}) =>
  candidatesOf(of, { tables: [], boards: [], ...wishes }).map(
    ({ name, table, column, chosen }) => `${chosen ? '*' : ''}${name} ${table}.${column}`,
  )
const refusal = (of: Survey, wishes: Partial<Wishes> = {}) => {
  try {
    return found(of, wishes)
  } catch (error) {
    return error instanceof RanktideError ? `${error.code}: ${error.detail}` : error
  }
}

describe('the order of guesses', () => {
  test('the best one is chosen; a name that is taken gets that of its table', () => {
    expect(found(webook)).toEqual([
      '*likes comments.likes',
      'interactives-likes interactives.like_cnt',
      'reads interactives.read_cnt',
      'collects interactives.collect_cnt',
      'comments comments.reply_cnt',
      'words articles.word_count',
    ])
  })

  test('an index and many rows count, but less than a name', () => {
    expect(found(survey('a.few(10): likes', 'a.many(1000000): likes'))[0]).toBe('*likes many.likes')
    expect(found(survey('a.plain(1000): likes', 'a.ranked(1000): likes*'))[0]).toBe('*likes ranked.likes')
    expect(found(survey('a.t(1000): goal_cnt*, likes'))[0]).toBe('*likes t.likes')
  })

  test('copies that online schema changes make, and the marker table, are passed over', () => {
    const passing = ['_t_new', '_t_old', '_t_gho', '_t_del', 'ranktide_marker'].map((table) => `a.${table}(9): likes`)
    expect(found(survey(...passing, 'a.t(9): likes'))).toEqual(['*likes t.likes'])
  })

  test('what the configuration cannot name is passed over', () => {
    expect(found(survey('a.t(9): likes', 'a.t`x(9): likes'))).toEqual(['*likes t.likes'])
  })

  test('a key does not rank', () => {
    expect(refusal(survey('a.t(9): score#'))).toMatch(/^COLUMN_MISSING: .*looks like a counter/)
  })
})

describe('what the user asks for', () => {
  test('the best column of each table', () => {
    expect(found(webook, { tables: ['interactives', 'webook.articles'] })).toEqual([
      '*likes interactives.like_cnt',
      '*words articles.word_count',
      'reads interactives.read_cnt',
      'collects interactives.collect_cnt',
    ])
  })

  test('boards by their proposed names, and by columns', () => {
    expect(found(webook, { boards: ['reads', 'hot=comments.likes', 'a=webook.articles.author_id'] })).toEqual([
      '*reads interactives.read_cnt',
      '*hot comments.likes',
      '*a articles.author_id',
      'interactives-likes interactives.like_cnt',
      'collects interactives.collect_cnt',
      'comments comments.reply_cnt',
      'words articles.word_count',
    ])
    expect(found(webook, { boards: ['hot=read_cnt'] })[0]).toBe('*hot interactives.read_cnt')
    expect(found(webook, { tables: ['interactives'], boards: ['likes'] })[0]).toBe('*likes interactives.like_cnt')
  })

  test.each<[string, Partial<Wishes>, RegExp]>([
    ['an unknown table', { tables: ['interactive'] }, /^TABLE_MISSING: interactive; did you mean interactives\?/],
    ['an unknown board', { boards: ['hot'] }, /^COLUMN_MISSING: --board hot; proposed are likes \(comments\.likes\)/],
    ['a misspelt column', { boards: ['hot=like_cn'] }, /^COLUMN_MISSING: like_cn: .*did you mean like_cnt\?/],
    ['a column of many tables', { boards: ['hot=id'] }, /several tables: webook\.articles\.id, webook\.comments\.id/],
    ['a board twice', { boards: ['hot=likes', 'hot=read_cnt'] }, /^CONFIG_INVALID: two boards have one name/],
    ['a name that no board can have', { boards: ['a b=likes'] }, /^CONFIG_INVALID: --board a b=likes/],
  ])('%s is told', (_, wishes, sentence) => {
    expect(refusal(webook, wishes)).toMatch(sentence)
  })

  test('a table without a counter is told with the way to name a column', () => {
    expect(refusal(survey('shop.offers(9): price'), { tables: ['offers'] })).toMatch(
      /^COLUMN_MISSING: shop\.offers: .*--board NAME=offers\.COLUMN/,
    )
  })

  test('a table that two databases have', () => {
    const two = survey('a.t(1): likes', 'b.t(1): likes')
    expect(refusal(two, { tables: ['t'] })).toBe('TABLE_MISSING: t: which one? a.t, b.t')
    expect(found(two, { tables: ['b.t'] })).toEqual(['*likes t.likes'])
    expect(found({ ...two, database: 'a' }, { tables: ['t'] })).toEqual(['*likes t.likes'])
  })

  test('nothing to see', () => {
    expect(refusal(survey())).toMatch(/^COLUMN_MISSING: .*no tables, or none that the user may see/)
  })
})
