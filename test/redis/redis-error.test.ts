import { describe, expect, it } from 'vitest'
import { RanktideError } from '../../src/core/errors.js'
import { redisError } from '../../src/redis/redis-error.js'

const code = (message: string) => redisError(new Error(message), 'redis:6379').code

describe('redis errors', () => {
  it.each([
    ['connect ECONNREFUSED 127.0.0.1:6379', 'REDIS_UNREACHABLE'],
    ['getaddrinfo ENOTFOUND redis', 'REDIS_UNREACHABLE'],
    ['Connection is closed.', 'REDIS_UNREACHABLE'],
    ["Stream isn't writeable and enableOfflineQueue options is false", 'REDIS_UNREACHABLE'],
    ['LOADING Redis is loading the dataset in memory', 'REDIS_UNREACHABLE'],
    ["READONLY You can't write against a read only replica.", 'REDIS_UNREACHABLE'],
    ['WRONGPASS invalid username-password pair or user is disabled.', 'REDIS_DENIED'],
    ['NOAUTH Authentication required.', 'REDIS_DENIED'],
    ["NOPERM this user has no permissions to run the 'eval' command", 'REDIS_DENIED'],
    ['ERR invalid password', 'REDIS_DENIED'],
    ['OOM command not allowed when used memory > maxmemory', 'REDIS_FAILED'],
    ['WRONGTYPE Operation against a key holding the wrong kind of value', 'REDIS_FAILED'],
    ['FOREIGNKEY likes holds a string that is no board: delete or rename it', 'REDIS_FAILED'],
  ])('%s is %s', (message, expected) => expect(code(message)).toBe(expected))

  it('reads the parts of a refusal on several addresses', () => {
    const error = new AggregateError([new Error('connect ECONNREFUSED ::1:6379'), new Error('other')])
    expect(redisError(error, 'redis:6379').message).toContain('ECONNREFUSED ::1:6379; other')
  })

  it('says why the last node of a cluster refused', () => {
    const lastNodeError = new Error('NOAUTH Authentication required.')
    const error = Object.assign(new Error('Failed to refresh slots cache.'), { lastNodeError })
    expect(redisError(error, 'the cluster').code).toBe('REDIS_DENIED')
  })

  it('shows neither the arguments of a command nor the error that holds them', () => {
    const error = Object.assign(new Error("ERR unknown command 'X', with args beginning with: 'secret' 'row'"), {
      command: { name: 'auth', args: ['secret'] },
    })
    const known = redisError(error, 'redis:6379')
    expect(known.message).not.toContain('secret')
    expect(known.cause).toBeUndefined()
  })

  it('leaves known errors as they are', () => {
    const known = new RanktideError('LEASE_LOST', 'feed webook')
    expect(redisError(known, 'redis:6379')).toBe(known)
  })
})
