/**
 * A bare member of a consumer group in a process of its own: to be killed, or to be held up while its group goes on.
 */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { stack } from './stack.js'

const program = `
const kafka = require('node-rdkafka')
const { brokers, group, topic, instance } = JSON.parse(process.argv[1])
const consumer = new kafka.KafkaConsumer({
  'metadata.broker.list': brokers,
  'group.id': group,
  'session.timeout.ms': 6000,
  'partition.assignment.strategy': 'roundrobin',
  ...(instance ? { 'group.instance.id': instance } : {}),
  rebalance_cb: (error, partitions) => {
    if (error.code !== -175) return consumer.unassign()
    consumer.assign(partitions)
    console.log('assigned ' + partitions.length)
  },
}, {})
consumer.connect({}, (error) => {
  if (error) throw error
  consumer.subscribe([topic])
  consumer.consume()
})
`

export interface OutsideMember {
  kill(): void
}

/** Resolves when it has been given its partitions, however many. */
export const startGroupMember = async (options: {
  readonly group: string
  readonly topic: string
  readonly instance?: string
}): Promise<OutsideMember> => {
  const argument = JSON.stringify({ brokers: stack.kafka, ...options })
  const child = spawn(process.execPath, ['-e', program, argument], { stdio: ['ignore', 'pipe', 'inherit'] })
  if (child.stdout === null) throw new Error('the member has no output')
  await once(child.stdout, 'data')
  return { kill: () => void child.kill('SIGKILL') }
}
