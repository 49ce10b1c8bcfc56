import { describe, expect, test } from 'vitest'
import { asDatabaseError } from '../../../src/databases/mysql/database-error.js'
import { parseDatabaseUrl } from '../../../src/databases/mysql/database-url.js'

const fromServer = (errno: number, message: string) =>
  asDatabaseError(
    Object.assign(new Error(message), { errno, code: `ER_${errno}`, sqlState: 'HY000' }),
    'refill',
    'db:3306',
  )

describe('errors', () => {
  test.each([
    [1045, 'DATABASE_DENIED'],
    [1142, 'DATABASE_DENIED'],
    [1290, 'DATABASE_DENIED'],
    [1205, 'DATABASE_CONFLICT'],
    [1213, 'DATABASE_CONFLICT'],
    [1969, 'DATABASE_TIMEOUT'],
    [3024, 'DATABASE_TIMEOUT'],
    [1040, 'DATABASE_UNREACHABLE'],
    [1064, 'DATABASE_QUERY'],
    [1054, 'DATABASE_QUERY'],
  ])('server error %i is %s', (errno, code) => {
    expect(fromServer(errno, 'text')).toMatchObject({ code })
  })

  test('the text of an error that may quote a row is not told', () => {
    const { detail } = fromServer(1062, "Duplicate entry 'secret@example.org' for key 'email'")
    expect(detail).toBe('db:3306: refill: ER_1062 (1062)')
  })

  test('a socket error is an unreachable database', () => {
    const error = asDatabaseError(
      Object.assign(new Error('x'), { code: 'ECONNREFUSED', errno: -111 }),
      'connecting',
      'db:1',
    )
    expect(error).toMatchObject({ code: 'DATABASE_UNREACHABLE', detail: 'db:1: ECONNREFUSED (connecting)' })
  })
})

describe('URLs', () => {
  test('carry percent-encoded parts', () => {
    expect(parseDatabaseUrl('mysql://me%40home:p%3Aw%2F@db.example:3307/my%20shop')).toEqual({
      host: 'db.example',
      port: 3307,
      user: 'me@home',
      password: 'p:w/',
      database: 'my shop',
    })
  })

  test('need neither port nor database, and take IPv6', () => {
    expect(parseDatabaseUrl('mysql://u@[::1]')).toMatchObject({
      host: '::1',
      port: 3306,
      password: '',
      database: undefined,
    })
  })

  test.each(['postgres://u:hunter2@h/d', 'mysql://', 'u:hunter2@h', 'mysql://u:%zzhunter2@h/d'])(
    'that cannot be read are refused without repeating them: %s',
    (url) => {
      expect(() => parseDatabaseUrl(url)).toThrow(
        /^((?!hunter2).)*mysql:\/\/user:password@host:port\/database((?!hunter2).)*$/,
      )
    },
  )
})
