import { describe, expect, it } from 'vitest'
import { MemoryLog } from '../../src/sources/memory-log.js'
import { messageLogConformance } from '../conformance/message-log.js'
import { GroupReader } from '../support/group-reader.js'
import { until } from '../support/until.js'

messageLogConformance('memory', async () => {
  const log = new MemoryLog()
  let names = 0
  return {
    freshName: () => `name.${names++}`,
    create: async (topic, partitions) => log.create(topic, partitions),
    producer: async (settings) => log.producer(settings),
    consumer: (options) => log.consumer(options),
    victim: async (options) => {
      const consumer = log.consumer(options)
      consumer.assignments().subscribe()
      return { kill: () => consumer.loseTouch() }
    },
    retain: async (topic, partition, first) => log.retain(topic, partition, first),
    mirrored: async (group, topic, partition) => log.mirrored(group).get(`${topic}/${partition}`),
    close: async () => {},
  }
})

describe('what tests do to the log in memory', () => {
  const message = (value: string) => ({ topic: 'reads', key: null, value: Buffer.from(value) })

  it('a member that is taken for dead reads on, until it learns of it', async () => {
    const log = new MemoryLog({ reads: 2 })
    const options = { group: 'g', topics: ['reads'] }
    const zombie = log.consumer(options)
    const former = new GroupReader(zombie)
    const reader = new GroupReader(log.consumer(options))
    await until('one each', () => former.partitions?.length === 1 && reader.partitions?.length === 1)
    zombie.loseTouch()
    await until('both for the other', () => reader.partitions?.length === 2)
    const producer = log.producer({ partitioner: 'round-robin' })
    for (const value of ['0', '1', '2', '3']) await producer.send(message(value))
    await until('all messages', () => reader.messages.length === 4)
    await until('its own again', () => former.messages.length === 2)
    zombie.mirror(new Map([['reads/0', 2]]))
    expect(log.mirrored('g')).toEqual(new Map())
    zombie.recover()
    await until('one each again', () => former.partitions?.length === 1 && reader.partitions?.length === 1)
    expect(former.overlaps).toBe(0)
  })

  it('a static member that comes back takes its place, and only forgetting it gives its partitions away', async () => {
    const log = new MemoryLog({ reads: 2 })
    const options = { group: 'g', topics: ['reads'] }
    const other = new GroupReader(log.consumer(options))
    const own = log.consumer({ ...options, instance: 'one' })
    const before = new GroupReader(own)
    await until('one each', () => other.partitions?.length === 1 && before.partitions?.length === 1)
    const generations = other.generations.length
    await own.close()
    const again = log.consumer({ ...options, instance: 'one' })
    const back = new GroupReader(again)
    await until('its partition', () => back.partitions?.length === 1)
    expect([back.partitions, other.generations.length]).toEqual([
      before.generations[0]?.assignment.partitions,
      generations,
    ])

    const twin = new GroupReader(log.consumer({ ...options, instance: 'one' }))
    await until('the partition', () => twin.partitions?.length === 1)
    expect(back.error).toMatchObject({ code: 'KAFKA_FAILED' })
    twin.stop()
    log.group('g').forgetAbsent()
    await until('both', () => other.partitions?.length === 2)
  })

  it('an absent broker keeps messages waiting in their order, as long as they may; a full one takes none', async () => {
    const log = new MemoryLog({ reads: 1 })
    const troubles: string[] = []
    const consumer = log.consumer({ group: 'g', topics: ['reads'], onTrouble: ({ code }) => troubles.push(code) })
    log.available = false
    const reader = new GroupReader(consumer)
    expect(troubles).toEqual(['KAFKA_UNREACHABLE'])
    const hasty = log.producer({ timeout: 20 })
    await expect(hasty.send(message('lost'))).rejects.toMatchObject({ code: 'KAFKA_UNREACHABLE' })
    const patient = log.producer({ queue: 2 })
    const sent = ['1', '2'].map((value) => patient.send(message(value)))
    await expect(patient.send(message('3'))).rejects.toMatchObject({ code: 'KAFKA_FULL' })
    log.available = true
    expect((await Promise.all(sent)).map(({ offset }) => offset)).toEqual([0, 1])
    await until('both', () => reader.texts.join() === '1,2')
    log.full = true
    await expect(patient.send(message('4'))).rejects.toMatchObject({ code: 'KAFKA_FULL' })
    log.full = false
    await patient.send(message('5'))
    await until('the last', () => reader.texts.join() === '1,2,5')
  })

  it('retention that overtakes a reader is OFFSETS_GONE', async () => {
    const log = new MemoryLog({ reads: 1 })
    const reader = new GroupReader(log.consumer({ group: 'g', topics: ['reads'] }))
    reader.hold = true
    await until('a batch', () => reader.generations[0]?.batches.length === 1)
    for (const value of ['0', '1', '2']) await log.producer().send(message(value))
    log.retain('reads', 0, 2)
    expect(log.records('reads').map(({ offset }) => offset)).toEqual([2])
    reader.generations[0]?.batches[0]?.release()
    await until('an error', () => reader.error !== undefined)
    expect(reader.error).toMatchObject({ code: 'OFFSETS_GONE' })
  })

  it('runs without timers where somebody else decides when', () => {
    const tasks: (() => void)[] = []
    const log = new MemoryLog({ reads: 1 }, { clock: () => 7, later: (task) => tasks.push(task) })
    const seen: unknown[] = []
    log
      .consumer({ group: 'g', topics: ['reads'] })
      .assignments()
      .subscribe((assignment) =>
        assignment.batches(new Map([['reads/0', 0]])).subscribe((batch) => {
          seen.push(...batch.messages.map(({ timestamp }) => timestamp))
          batch.release()
        }),
      )
    log.append('reads', 0, { key: null, value: null })
    for (let at = 0; at < tasks.length; at++) tasks[at]?.()
    expect(seen).toEqual([7])
  })
})
