/** Read events as a source has delivered them, for tests of what comes after. */
import type { ReadEvent } from '../../src/core/read-event.js'
import type { DecodedRead } from '../../src/operators/read-batch.js'

export const readTopic = 'reads'

/** The event at an offset of one partition. */
export const decodedRead = (offset: number, event: Partial<ReadEvent> = {}): DecodedRead => ({
  event: { uid: '1', biz: 'article', bizId: '1', ts: 1_700_000_000_000, ...event },
  message: {
    topic: readTopic,
    partition: 0,
    offset,
    key: null,
    value: Uint8Array.of(offset),
    timestamp: 1_700_000_000_000 + offset,
  },
})
