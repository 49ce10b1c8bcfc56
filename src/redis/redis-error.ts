/**
 * Whatever a Redis client throws, as an error of our table. Only the message is taken over: ioredis hangs the command
 * and its arguments on its errors, AUTH's password and row values among them.
 */
import { RanktideError } from '../core/errors.js'

const denied = /^(WRONGPASS|NOAUTH|NOPERM|DENIED|ERR invalid password|ERR invalid username-password|ERR AUTH)/
/** Servers that answer, but cannot serve: the same as one that does not answer, for whoever waits. */
const unable = /^(LOADING|MASTERDOWN|CLUSTERDOWN|TRYAGAIN|READONLY|NOREPLICAS)/
/** A reply of the server begins with its code in capitals; errors of the client do not. */
const isReply = (message: string): boolean => /^[A-Z]{3,}[A-Z_]* /.test(message)

const messageOf = (error: unknown): string => {
  if (!(error instanceof Error)) return String(error)
  // A cluster says that no node would answer; the last one's answer says why.
  if ('lastNodeError' in error && error.lastNodeError instanceof Error) return messageOf(error.lastNodeError)
  // A connection refused on several addresses comes as an AggregateError with an empty message.
  if (error.message === '' && error instanceof AggregateError) return error.errors.map(messageOf).join('; ')
  return error.message
}

/** Replies to unknown commands repeat the arguments. */
const withoutArguments = (message: string): string =>
  message.replace(/,? with args beginning with:.*$/s, '').replace(/\s+/g, ' ')

/** `where`: host and port, for the person who reads it. */
export const redisError = (error: unknown, where: string): RanktideError => {
  if (error instanceof RanktideError) return error
  const message = withoutArguments(messageOf(error))
  const detail = `${where}: ${message}`
  if (denied.test(message)) return new RanktideError('REDIS_DENIED', detail)
  if (isReply(message) && !unable.test(message)) return new RanktideError('REDIS_FAILED', detail)
  return new RanktideError('REDIS_UNREACHABLE', detail)
}
