/**
 * librdkafka's own mock of a Kafka server in a child process: for what a test may not do to the real one. It answers
 * a search by time with -1, always.
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'

const program = `
const kafka = require('node-rdkafka')
const client = new kafka.Producer({
  'test.mock.num.brokers': 1,
  'test.mock.broker.rtt': Number(process.argv[1]),
  'bootstrap.servers': 'unused',
})
client.connect({}, (error, metadata) => {
  if (error) throw error
  console.log(metadata.brokers[0].host + ':' + metadata.brokers[0].port)
})
`

export interface MockBroker {
  /** host:port */
  readonly address: string
  /** It no longer answers, and its connections stay open. */
  hang(): void
  continue(): void
  kill(): void
}

/** `roundTrip`: how far away it is, ms. */
export const startMockBroker = async (roundTrip = 0): Promise<MockBroker> => {
  const child: ChildProcess = spawn(process.execPath, ['-e', program, String(roundTrip)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  if (child.stdout === null) throw new Error('the mock broker has no output')
  const [line] = await once(child.stdout, 'data')
  return {
    address: String(line).trim(),
    hang: () => void child.kill('SIGSTOP'),
    continue: () => void child.kill('SIGCONT'),
    kill: () => void child.kill('SIGKILL'),
  }
}
