// What the server and the client report, as errors of the table: which code, and that no value of a row is told.
import pg from 'pg'
import { describe, expect, test } from 'vitest'
import { RanktideError, verdictOf } from '../../../src/core/errors.js'
import { asDatabaseError, isOfStatement, refusalOf } from '../../../src/databases/postgres/database-error.js'

const serverError = (code: string, message: string, fields: Readonly<Record<string, string>> = {}): pg.DatabaseError =>
  Object.assign(new pg.DatabaseError(message, message.length, 'error'), { code, severity: 'ERROR', ...fields })

const known = (error: unknown) => asDatabaseError(error, 'adding', 'db:5432')

describe('errors of the server', () => {
  test.each([
    ['40001', 'DATABASE_CONFLICT'],
    ['40P01', 'DATABASE_CONFLICT'],
    ['55P03', 'DATABASE_CONFLICT'],
    ['57014', 'DATABASE_TIMEOUT'],
    ['57P01', 'DATABASE_UNREACHABLE'],
    ['57P03', 'DATABASE_UNREACHABLE'],
    ['53300', 'DATABASE_UNREACHABLE'],
    ['08006', 'DATABASE_UNREACHABLE'],
    ['28P01', 'DATABASE_DENIED'],
    ['28000', 'DATABASE_DENIED'],
    ['42501', 'DATABASE_DENIED'],
    ['25006', 'DATABASE_DENIED'],
    ['3D000', 'DATABASE_QUERY'],
    ['42P01', 'DATABASE_QUERY'],
    ['XX000', 'DATABASE_QUERY'],
  ])('%s is %s, tried again, and told with its place', (state, code) => {
    const error = known(serverError(state, 'a sentence'))
    expect(error).toMatchObject({ code, detail: expect.stringMatching(/^db:5432: adding: /) })
    expect(error.detail).toContain(state)
    expect(verdictOf(error)).toBe('retry')
  })

  test('names of tables, users and databases are told', () => {
    expect(known(serverError('42P01', 'relation "interactives" does not exist')).detail).toContain('interactives')
    expect(known(serverError('3D000', 'database "webok" does not exist')).detail).toContain('webok')
  })

  test('values are told neither in the sentence nor beside it', () => {
    const quoting = serverError('22P02', 'invalid input syntax for type numeric: "secret"', {
      detail: 'Failing row contains (secret).',
      where: "unnamed portal parameter $1 = 'secret'",
    })
    for (const state of ['22P02', '22003', '23505', 'P0001']) {
      const error = known(
        Object.assign(quoting, { code: state, message: state === '23505' ? 'a key' : quoting.message }),
      )
      expect(`${error.message} ${error.detail} ${String(error.cause)} ${JSON.stringify(error)}`).not.toContain('secret')
    }
  })
})

describe('errors of the client', () => {
  test.each([
    [Object.assign(new Error('connect ECONNREFUSED 127.0.0.1:1'), { code: 'ECONNREFUSED' }), 'DATABASE_UNREACHABLE'],
    [Object.assign(new Error('write EPIPE'), { code: 'EPIPE' }), 'DATABASE_UNREACHABLE'],
    [new Error('Connection terminated unexpectedly'), 'DATABASE_UNREACHABLE'],
    [new Error('timeout exceeded when trying to connect'), 'DATABASE_UNREACHABLE'],
    [new Error('SASL: SCRAM-SERVER-FIRST-MESSAGE: client password must be a string'), 'DATABASE_DENIED'],
    [undefined, 'DATABASE_UNREACHABLE'],
  ])('%s', (error, code) => {
    expect(known(error)).toMatchObject({ code, detail: expect.stringContaining('db:5432') })
  })

  test('a known error stays what it is', () => {
    const error = new RanktideError('DATABASE_TIMEOUT', 'late')
    expect(known(error)).toBe(error)
  })
})

test('only errors about the values of a row are refusals, and those name a constraint', () => {
  expect(refusalOf(serverError('22003', 'bigint out of range'))).toBe('out of the range of its column')
  expect(refusalOf(serverError('23514', 'x', { constraint: 'not_below_0' }))).toContain('not_below_0')
  for (const state of ['40P01', '42P01', '23505', '57014']) expect(refusalOf(serverError(state, 'x'))).toBeUndefined()
  expect(refusalOf(Object.assign(new Error('x'), { code: '22003' }))).toBeUndefined()
})

test('after an error of its statement a connection is good, after any other it is not', () => {
  expect(isOfStatement(serverError('40P01', 'x'))).toBe(true)
  expect(isOfStatement(serverError('57P01', 'x', { severity: 'FATAL' }))).toBe(false)
  expect(isOfStatement(new Error('Connection terminated unexpectedly'))).toBe(false)
  expect(isOfStatement(new RanktideError('DATABASE_TIMEOUT', 'late'))).toBe(false)
})
