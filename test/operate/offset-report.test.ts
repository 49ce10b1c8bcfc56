import { expect, test } from 'vitest'
import { RanktideError } from '../../src/core/errors.js'
import type { OffsetPipeline } from '../../src/operate/offset-pipelines.js'
import { orMissingTopic } from '../../src/operate/offset-report.js'

const reads: OffsetPipeline = { kind: 'counter', name: 'counters.reads', group: 'g', topics: ['reads'], start: 'end' }

test('a topic that does not exist is told in the place of its pipeline', async () => {
  const failed = Promise.reject(new RanktideError('KAFKA_TOPIC', 'reads; did you mean read_events?'))
  expect(await orMissingTopic(reads, failed)).toEqual({
    name: 'counters.reads',
    kind: 'counter',
    group: 'g',
    active: null,
    activity: 'not asked',
    state: null,
    missingTopic: 'reads; did you mean read_events?',
    partitions: [],
  })
})

test.each(['KAFKA_UNREACHABLE', 'KAFKA_DENIED', 'DATABASE_UNREACHABLE'] as const)(
  '%s fails the command: nothing would be known of the others either',
  async (code) => {
    const failed = Promise.reject(new RanktideError(code, 'k:9092'))
    await expect(orMissingTopic(reads, failed)).rejects.toMatchObject({ code })
  },
)
