import { describe, expect, it } from 'vitest'
import type { Positions } from '../../src/core/positions.js'
import type { Message, MessageBatch } from '../../src/operators/ports.js'
import { KafkaReading, type ReadConnection } from '../../src/sources/kafka-reading.js'

/** A connection that answers as it is told, and a topic `t` of one partition whose log goes from 0 to 100. */
class Connection implements ReadConnection {
  readonly isOpen = true
  readonly assigned: (Positions | 'nothing')[] = []
  /** What each read() brings; nothing after that. */
  readonly reads: number[][] = []
  /** What librdkafka calls its position, at each question; the last one stays. */
  known: (number | undefined)[] = [undefined]
  polls = 0

  assign(offsets: Positions): void {
    this.assigned.push(new Map(offsets))
  }

  assignMore(): void {}

  assignNothing(): void {
    this.assigned.push('nothing')
  }

  async offsetsAt(partitions: readonly string[], time: number): Promise<Map<string, number>> {
    return new Map(partitions.map((id) => [id, time === -2 ? 0 : 100]))
  }

  positions(): Map<string, number> {
    const position = this.known.length > 1 ? this.known.shift() : this.known[0]
    return position === undefined ? new Map() : new Map([['t/0', position]])
  }

  async read(): Promise<Message[]> {
    this.polls++
    await new Promise((resolve) => setTimeout(resolve, 1))
    const offsets = this.reads.shift() ?? []
    return offsets.map((offset) => ({ topic: 't', partition: 0, offset, key: null, value: null, timestamp: undefined }))
  }
}

const begin = (connection: Connection, pollAfter?: number) =>
  KafkaReading.begin(
    connection,
    {
      partitions: async () => ['t/0'],
      window: { events: 10, bytes: 1_000, time: 5 },
      refresh: 10_000,
      onTrouble: () => {},
      ...(pollAfter === undefined ? {} : { pollAfter }),
    },
    new Map([['t/0', 3]]),
    0,
  )

describe('a reading', () => {
  it('does not take the position of the assignment before for its own', async () => {
    const connection = new Connection()
    // Somebody has read up to 50 before; librdkafka says so until it has let go of that.
    connection.known = [50, 50, undefined, 5]
    connection.reads.push([], [], [3, 4])
    const reading = await begin(connection)
    const seen: (number | undefined)[] = []
    await reading.run((batch) => {
      seen.push(batch.positions.get('t/0'))
      if (batch.messages.length > 0) reading.stop()
      batch.release()
    })
    expect(seen).toEqual([3, 5])
  })

  it('takes a position past records that nobody reads', async () => {
    const connection = new Connection()
    connection.known = [undefined, undefined, 9]
    const reading = await begin(connection)
    const seen: (number | undefined)[] = []
    await reading.run((batch) => {
      seen.push(batch.positions.get('t/0'))
      if (seen.length === 2) reading.stop()
      batch.release()
    })
    expect(seen).toEqual([3, 9])
  })

  it('goes on polling while a batch is held for long, and then reads on where it stopped', async () => {
    const connection = new Connection()
    connection.known = [undefined, 4]
    connection.reads.push([3])
    const reading = await begin(connection, 20)
    const batches: MessageBatch[] = []
    const ended = reading.run((batch) => {
      batches.push(batch)
      if (batches.length === 1) batch.release()
      if (batches.length === 3) reading.stop()
    })
    while (batches.length < 2) await new Promise((resolve) => setTimeout(resolve, 1))
    const polls = connection.polls
    while (connection.polls < polls + 3) await new Promise((resolve) => setTimeout(resolve, 1))
    expect(connection.assigned).toEqual([new Map([['t/0', 3]]), 'nothing'])
    connection.known = [4, 5]
    connection.reads.push([4])
    // What a poll brings meanwhile is not this reading's: it is fetched again.
    while (connection.reads.length > 0) await new Promise((resolve) => setTimeout(resolve, 1))
    connection.reads.push([4])
    batches[1]?.release()
    await ended
    expect(connection.assigned[2]).toEqual(new Map([['t/0', 4]]))
    expect(batches[2]?.messages.map(({ offset }) => offset)).toEqual([4])
  })
})
