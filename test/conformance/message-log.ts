/** What producers and group consumers owe the pipelines, whatever carries the messages. Run over memory and Kafka. */
import { firstValueFrom, type Observable, take, toArray } from 'rxjs'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { RanktideError } from '../../src/core/errors.js'
import { type Positions, partitionId } from '../../src/core/positions.js'
import type { Assignment, GroupConsumer, MessageProducer, ProducerSettings } from '../../src/operators/message-ports.js'
import type { MessageBatch } from '../../src/operators/ports.js'
import { GroupReader, type StoredOffsets, textOf } from '../support/group-reader.js'
import { until } from '../support/until.js'

export interface MemberOptions {
  readonly group: string
  readonly topics: readonly string[]
  readonly onTrouble?: (error: RanktideError) => void
}

/** What carries the messages. Its consumers' and producers' close() is called by the suite. */
export interface LogUnderTest {
  /** A name that no topic has. */
  freshName(): string
  create(topic: string, partitions: number): Promise<void>
  producer(settings?: ProducerSettings): Promise<MessageProducer>
  consumer(options: MemberOptions): GroupConsumer
  /** A member that has joined the group; `kill` ends it without a word. */
  victim(options: MemberOptions): Promise<{ kill(): void }>
  /** Drops what is before `first`, as retention does. */
  retain(topic: string, partition: number, first: number): Promise<void>
  /** The offset that the group has in the log's own books. */
  mirrored(group: string, topic: string, partition: number): Promise<number | undefined>
  close(): Promise<void>
}

const encoder = new TextEncoder()
const keyed = (topic: string, key: string | null, value: string) => ({
  topic,
  key: key === null ? null : encoder.encode(key),
  value: encoder.encode(value),
})

const numbers = (count: number, from = 0): number[] => Array.from({ length: count }, (_, i) => from + i)

/** Batches up to the first that brings messages. */
const firstMessages = (batches: Observable<MessageBatch>): Promise<MessageBatch> =>
  new Promise((resolve, reject) => {
    const subscription = batches.subscribe({
      next: (batch) => {
        if (batch.messages.length === 0) return batch.release()
        resolve(batch)
        subscription.unsubscribe()
      },
      error: reject,
    })
  })

const errorOf = (batches: Observable<MessageBatch>): Promise<unknown> =>
  new Promise((resolve) => {
    batches.subscribe({ next: (batch) => batch.release(), error: resolve, complete: () => resolve('completed') })
  })

export const messageLogConformance = (name: string, open: () => Promise<LogUnderTest>): void => {
  describe(`message log: ${name}`, () => {
    let log: LogUnderTest
    const closers: (() => Promise<void>)[] = []

    beforeEach(async () => {
      log = await open()
    })
    afterEach(async () => {
      await Promise.all(closers.splice(0).map((close) => close()))
      await log.close()
    })

    const topicOf = async (partitions: number): Promise<string> => {
      const topic = log.freshName()
      await log.create(topic, partitions)
      return topic
    }
    const producer = async (settings?: ProducerSettings): Promise<MessageProducer> => {
      const opened = await log.producer(settings)
      closers.push(() => opened.close())
      return opened
    }
    const consumer = (options: MemberOptions): GroupConsumer => {
      const opened = log.consumer(options)
      closers.push(() => opened.close())
      return opened
    }
    const member = (topic: string, group: string, stored: StoredOffsets = new Map()): GroupReader =>
      new GroupReader(consumer({ group, topics: [topic] }), stored)
    const assigned = (topic: string): Promise<Assignment> =>
      firstAssignment(consumer({ group: log.freshName(), topics: [topic] }))
    const firstAssignment = (of: GroupConsumer): Promise<Assignment> =>
      new Promise((resolve, reject) => {
        const subscription = of.assignments().subscribe({ next: resolve, error: reject })
        closers.unshift(async () => subscription.unsubscribe())
      })
    const send = async (topic: string, values: readonly (number | string)[], by?: MessageProducer): Promise<void> => {
      const opened = by ?? (await producer())
      await Promise.all(values.map((value) => opened.send(keyed(topic, `key ${Number(value) % 20}`, String(value)))))
    }
    const starts = (topic: string, ...offsets: number[]): Positions =>
      new Map(offsets.map((offset, partition) => [partitionId(topic, partition), offset]))

    it('keeps the messages of one key in one partition, in order, and all of them once', async () => {
      const topic = await topicOf(4)
      const reader = member(topic, log.freshName())
      await send(topic, numbers(2_000))
      await until('all messages', () => reader.messages.length >= 2_000)
      expect(reader.texts.map(Number).sort((a, b) => a - b)).toEqual(numbers(2_000))
      const partitions = new Map<string, number>()
      const last = new Map<string, number>()
      for (const message of reader.messages) {
        const key = Buffer.from(message.key ?? []).toString()
        expect(partitions.get(key) ?? message.partition).toBe(message.partition)
        expect(last.get(key) ?? -1).toBeLessThan(Number(textOf(message)))
        partitions.set(key, message.partition)
        last.set(key, Number(textOf(message)))
      }
      expect(new Set(partitions.values()).size).toBe(4)
    })

    it('says where each message stands, and carries it as it is', async () => {
      const topic = await topicOf(3)
      const by = await producer()
      const sent = await Promise.all([
        by.send({ topic, key: encoder.encode('k'), value: encoder.encode('one'), timestamp: 1_700_000_000_123 }),
        by.send({ topic, key: null, value: encoder.encode('no key'), headers: { a: 'b' } }),
        by.send({ topic, key: encoder.encode('k'), value: null }),
      ])
      const reader = member(topic, log.freshName())
      await until('three messages', () => reader.messages.length === 3)
      const found = (text: string) => reader.messages.find((message) => textOf(message) === text)
      for (const [at, text] of ['one', 'no key', 'null'].entries())
        expect(found(text)).toMatchObject({ topic, partition: sent[at]?.partition, offset: sent[at]?.offset })
      expect(found('one')?.timestamp).toBe(1_700_000_000_123)
      expect(Buffer.from(found('null')?.key ?? []).toString()).toBe('k')
      expect(found('null')?.value).toBe(null)
      expect(found('no key')?.key).toBe(null)
      expect(Math.abs((found('no key')?.timestamp ?? 0) - Date.now())).toBeLessThan(60_000)
    })

    it('partitions as it was asked to', async () => {
      const topic = await topicOf(4)
      const tally = async (partitioner: ProducerSettings['partitioner'], count: number): Promise<number[]> => {
        const by = await producer({ ...(partitioner === undefined ? {} : { partitioner }) })
        const places = await Promise.all(numbers(count).map(() => by.send(keyed(topic, 'one key', ''))))
        return numbers(4).map((wanted) => places.filter(({ partition }) => partition === wanted).length)
      }
      expect(await tally('round-robin', 40)).toEqual([10, 10, 10, 10])
      // Four binomial counts of mean 200: below 120 in one of 10^9 runs.
      for (const count of await tally('random', 800)) expect(count).toBeGreaterThan(120)

      // What Kafka's own tests say of the hash: −973932308, −790332482, −985981536.
      const by = await producer()
      const keys = ['21', 'foobar', 'a-little-bit-long-string']
      const places = await Promise.all(keys.map((key) => by.send(keyed(topic, key, ''))))
      expect(places.map(({ partition }) => partition)).toEqual(
        [-973932308, -790332482, -985981536].map((hash) => (hash & 0x7fffffff) % 4),
      )
    })

    it('waits as long as it was asked to', async () => {
      const topic = await topicOf(1)
      const none = await (await producer({ acks: 'none' })).send(keyed(topic, null, 'none'))
      expect(none).toEqual({ topic, partition: 0, offset: undefined })
      const leader = await (await producer({ acks: 'leader' })).send(keyed(topic, null, 'leader'))
      expect(leader).toMatchObject({ topic, partition: 0, offset: expect.any(Number) })
      const queued = await (await producer({ reports: false })).send(keyed(topic, null, 'queued'))
      expect(queued).toEqual({ topic, partition: -1, offset: undefined })
      const reader = member(topic, log.freshName())
      await until('all three', () => reader.messages.length === 3)
      expect(reader.texts.sort()).toEqual(['leader', 'none', 'queued'])
    })

    it('fails for one message without harm to the others', async () => {
      const topic = await topicOf(1)
      const by = await producer({ timeout: 3_000 })
      const huge = { topic, key: null, value: new Uint8Array(3_000_000) }
      const nowhere = keyed(log.freshName(), null, 'x')
      const results = await Promise.allSettled([
        by.send(keyed(topic, null, 'before')),
        by.send(huge),
        by.send(nowhere),
        by.send(keyed(topic, null, 'after')),
      ])
      expect(results.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'rejected', 'fulfilled'])
      expect(results[1]).toMatchObject({ reason: { code: 'TOO_LARGE' } })
      expect(results[2]).toMatchObject({ reason: { code: 'KAFKA_TOPIC' } })
      await by.send(keyed(topic, null, 'later'))
      const reader = member(topic, log.freshName())
      await until('three messages', () => reader.messages.length === 3)
      expect(reader.texts).toEqual(['before', 'after', 'later'])
    })

    it('writes what was sent before it closes, and nothing after', async () => {
      const topic = await topicOf(1)
      const by = await log.producer({ reports: false })
      const sent = numbers(50).map((value) => by.send(keyed(topic, null, String(value))))
      await Promise.all([by.close(), ...sent])
      await expect(by.send(keyed(topic, null, 'late'))).rejects.toMatchObject({ code: 'KAFKA_FAILED' })
      await by.close()
      const reader = member(topic, log.freshName())
      await until('all of them', () => reader.messages.length >= 50)
      expect(reader.texts).toEqual(numbers(50).map(String))
    })

    it('shares the partitions among the members, and gives those of one who leaves to the others', async () => {
      const topic = await topicOf(4)
      const group = log.freshName()
      const stored: StoredOffsets = new Map()
      const a = member(topic, group, stored)
      await until('all partitions', () => a.partitions?.length === 4)
      await send(topic, numbers(200))
      await until('the first messages', () => a.messages.length === 200)

      const leaving = consumer({ group, topics: [topic] })
      const b = new GroupReader(leaving, stored)
      await until('a half each', () => a.partitions?.length === 2 && b.partitions?.length === 2)
      expect([...(a.partitions ?? []), ...(b.partitions ?? [])].sort()).toEqual(
        numbers(4).map((partition) => partitionId(topic, partition)),
      )
      expect(a.generations[0]?.state).toBe('completed')
      await send(topic, numbers(200, 200))
      await until('the messages of both', () => a.messages.length + b.messages.length >= 400)
      expect(b.messages.length).toBeGreaterThan(0)

      await leaving.close()
      expect(b.completed).toBe(true)
      expect(b.generations.at(-1)?.state).toBe('completed')
      await until('all partitions again', () => a.partitions?.length === 4)
      await send(topic, numbers(200, 400))
      await until('the rest', () => a.messages.length + b.messages.length >= 600)
      const all = [...a.texts, ...b.texts].map(Number).sort((x, y) => x - y)
      expect(all).toEqual(numbers(600))
      expect([a.overlaps, b.overlaps]).toEqual([0, 0])
    })

    it('gives the partitions of a member that died to the others', async () => {
      const topic = await topicOf(2)
      const group = log.freshName()
      const { kill } = await log.victim({ group, topics: [topic] })
      const reader = member(topic, group)
      await until('one partition', () => reader.partitions?.length === 1)
      kill()
      await send(topic, numbers(40))
      await until('both partitions', () => reader.partitions?.length === 2, 20_000)
      await until('all messages', () => new Set(reader.texts).size === 40)
      expect(reader.overlaps).toBe(0)
    })

    it('ends the batches of a generation before the next one, also while one is held', async () => {
      const topic = await topicOf(2)
      const group = log.freshName()
      const stored: StoredOffsets = new Map()
      await send(topic, numbers(10))
      const a = member(topic, group, stored)
      a.hold = true
      await until('a first batch', () => a.generations[0]?.batches.length === 1)
      const held = a.generations[0]
      const b = member(topic, group, stored)
      await until('a partition each', () => a.partitions?.length === 1 && b.partitions?.length === 1)
      expect(held?.state).toBe('completed')
      held?.batches[0]?.release()
      await until('the next generation', () => a.generations[1]?.batches.length === 1)
      a.hold = false
      a.generations[1]?.batches[0]?.release()
      await until('everything', () => a.messages.length + b.messages.length === 10)
      // Nothing has come of the former generation, not even when its batch was released.
      expect(held?.batches.length).toBe(1)
      expect(
        await firstValueFrom((held as { assignment: Assignment }).assignment.batches(stored).pipe(toArray())),
      ).toEqual([])
      expect([a.overlaps, b.overlaps]).toEqual([0, 0])
    })

    it('tells a member for whom nothing is left, and gives it something when there is', async () => {
      const topic = await topicOf(1)
      const group = log.freshName()
      const first = consumer({ group, topics: [topic] })
      const readers = [new GroupReader(first), member(topic, group)]
      const counts = () => readers.map(({ partitions }) => partitions?.length)
      await until('one each', () => [...counts()].sort().join() === '0,1')
      const idle = readers[counts().indexOf(0)]
      expect(idle?.generations.at(-1)?.assignment.partitions).toEqual([])
      await until('an empty batch', () => idle?.generations.at(-1)?.batches.length === 1)
      await first.close()
      await until('the partition', () => readers[1]?.partitions?.length === 1)
    })

    it('starts exactly where it is told, and tells so at once', async () => {
      const topic = await topicOf(2)
      const by = await producer({ partitioner: 'round-robin' })
      for (const value of numbers(20)) await by.send(keyed(topic, null, String(value)))
      const assignment = await assigned(topic)
      const { first, ends } = await assignment.bounds()
      expect([first, ends]).toEqual([starts(topic, 0, 0), starts(topic, 10, 10)])

      const begun: MessageBatch[] = []
      const offsets: string[] = []
      const subscription = assignment.batches(starts(topic, 7, 10)).subscribe((batch) => {
        begun.push(batch)
        for (const message of batch.messages) offsets.push(`${message.partition}:${message.offset}`)
        batch.release()
      })
      await until('three messages', () => offsets.length === 3)
      expect(begun[0]?.positions).toEqual(starts(topic, 7, 10))
      expect(begun[0]?.messages).toEqual([])
      expect(begun.at(-1)?.positions).toEqual(starts(topic, 10, 10))
      expect(await errorOf(assignment.batches(starts(topic, 0, 0)))).toMatchObject({ code: 'UNEXPECTED' })

      // Further back, as after somebody else has had the partitions for a while.
      subscription.unsubscribe()
      const again = await firstMessages(assignment.batches(starts(topic, 2, 10)))
      expect(offsets).toEqual(['0:7', '0:8', '0:9'])
      expect(again.messages[0]).toMatchObject({ partition: 0, offset: 2 })
      const last = again.messages.at(-1)
      expect(again.positions).toEqual(starts(topic, (last?.offset ?? 0) + 1, 10))
    })

    it('reads nothing on until a batch is released', async () => {
      const topic = await topicOf(1)
      const by = await producer()
      await send(topic, numbers(10), by)
      const reader = member(topic, log.freshName())
      reader.hold = true
      const batches = () => reader.generations[0]?.batches ?? []
      await until('where it begins', () => batches().length === 1)
      batches()[0]?.release()
      await until('a batch', () => batches().length === 2)
      await send(topic, numbers(10, 10), by)
      // Longer than a consumer holds a batch before it polls besides.
      await new Promise((resolve) => setTimeout(resolve, 1_500))
      expect(batches().length).toBe(2)
      expect(reader.messages.length).toBeLessThanOrEqual(10)
      reader.hold = false
      batches()[1]?.release()
      await until('the others', () => reader.messages.length === 20)
      expect(reader.texts).toEqual(numbers(20).map(String))
    })

    it('says when the log no longer has, or does not have yet, where it shall begin', async () => {
      const topic = await topicOf(2)
      const by = await producer({ partitioner: 'round-robin' })
      for (const value of numbers(20)) await by.send(keyed(topic, null, String(value)))
      await log.retain(topic, 1, 4)
      const assignment = await assigned(topic)
      expect(await assignment.bounds()).toEqual({ first: starts(topic, 0, 4), ends: starts(topic, 10, 10) })
      const below = await errorOf(assignment.batches(starts(topic, 0, 3)))
      expect(below).toMatchObject({ code: 'OFFSETS_GONE', detail: expect.stringContaining(partitionId(topic, 1)) })
      expect(await errorOf(assignment.batches(starts(topic, 11, 4)))).toMatchObject({ code: 'OFFSETS_GONE' })
      // The assignment is good for another start.
      expect((await firstMessages(assignment.batches(starts(topic, 10, 4)))).messages[0]?.offset).toBe(4)
    })

    it('mirrors offsets of what it has, and of nothing else', async () => {
      const topic = await topicOf(2)
      const group = log.freshName()
      await send(topic, numbers(20))
      const own = consumer({ group, topics: [topic] })
      const reader = new GroupReader(own)
      own.mirror(starts(topic, 1, 1))
      await until('all messages', () => reader.messages.length === 20)
      expect(await log.mirrored(group, topic, 0)).toBe(undefined)
      own.mirror(starts(topic, 3, 4))
      own.mirror(new Map([...starts(topic, 5), ['another.topic/0', 7]]))
      await until('the offsets', async () => (await log.mirrored(group, topic, 0)) === 5)
      expect(await log.mirrored(group, topic, 1)).toBe(4)
      // What was mirrored last is there when the member has left.
      own.mirror(starts(topic, 6, 6))
      await own.close()
      expect(await log.mirrored(group, topic, 0)).toBe(6)
      own.mirror(starts(topic, 7, 7))
    })

    it('waits for a topic that is not there yet', async () => {
      const topic = log.freshName()
      const troubles: RanktideError[] = []
      const reader = new GroupReader(
        consumer({ group: log.freshName(), topics: [topic], onTrouble: (error) => troubles.push(error) }),
      )
      await until('a report', () => troubles.length > 0)
      expect(troubles[0]?.code).toBe('KAFKA_TOPIC')
      expect(troubles[0]?.detail).toContain(topic)
      await log.create(topic, 2)
      await until('its partitions', () => reader.partitions?.length === 2)
      expect(reader.error).toBe(undefined)
    })

    it('closes as often as it is asked to, also before anybody has subscribed', async () => {
      const topic = await topicOf(1)
      const unused = consumer({ group: log.freshName(), topics: [topic] })
      await unused.close()
      expect(await firstValueFrom(unused.assignments().pipe(take(1), toArray()))).toEqual([])

      const own = consumer({ group: log.freshName(), topics: [topic] })
      const reader = new GroupReader(own)
      await until('its partition', () => reader.partitions?.length === 1)
      const begun = performance.now()
      await Promise.all([own.close(), own.close()])
      await own.close()
      expect(performance.now() - begun).toBeLessThan(3_000)
      expect(reader.generations[0]?.state).toBe('completed')
      expect(reader.completed).toBe(true)
    })

    it('leaves the group when it is unsubscribed, and joins again when subscribed to', async () => {
      const topic = await topicOf(2)
      const group = log.freshName()
      const own = consumer({ group, topics: [topic] })
      const former = new GroupReader(own)
      await until('both partitions', () => former.partitions?.length === 2)
      const other = member(topic, group)
      await until('one each', () => other.partitions?.length === 1 && former.partitions?.length === 1)
      former.stop()
      await until('both partitions for the other', () => other.partitions?.length === 2, 5_000)
      const again = new GroupReader(own)
      await until('one each again', () => other.partitions?.length === 1 && again.partitions?.length === 1)
    })
  })
}
