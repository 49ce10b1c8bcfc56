import { expect, test } from 'vitest'
import { type ErrorCode, RanktideError } from '../../src/core/errors.js'
import { waitingText } from '../../src/worker/wait-for.js'

test.each<[ErrorCode, string]>([
  ['KAFKA_TOPIC', 'Waiting for the topic'],
  ['KAFKA_UNREACHABLE', 'Waiting for Kafka'],
  ['REDIS_DENIED', 'Waiting for Redis'],
  ['DATABASE_TIMEOUT', 'Waiting for the database'],
  ['OFFSETS_GONE', 'Starting the feed again'],
])('%s is told as: %s', (code, text) => {
  expect(waitingText(new RanktideError(code, 'detail'))).toBe(text)
})
