/** Which partition a message goes to: the rules of Java's producers, without I/O. */
import type { OutgoingMessage, ProducerSettings } from '../operators/message-ports.js'

const seed = 0x9747b28c
const mixer = 0x5bd1e995

/** MurmurHash2 with 32 bits and the seed that Kafka's Java client uses; an unsigned number. */
export const murmur2 = (bytes: Uint8Array): number => {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  let hash = seed ^ bytes.byteLength
  const whole = bytes.byteLength & ~3
  for (let at = 0; at < whole; at += 4) {
    let word = Math.imul(view.getInt32(at, true), mixer)
    word = Math.imul(word ^ (word >>> 24), mixer)
    hash = Math.imul(hash, mixer) ^ word
  }
  const rest = bytes.byteLength & 3
  if (rest > 0) {
    for (let at = rest - 1; at >= 0; at--) hash ^= (bytes[whole + at] ?? 0) << (8 * at)
    hash = Math.imul(hash, mixer)
  }
  hash = Math.imul(hash ^ (hash >>> 13), mixer)
  return (hash ^ (hash >>> 15)) >>> 0
}

/** The partition of a key among `count`, as Java's producers and librdkafka's `murmur2` choose it. */
export const partitionOfKey = (key: Uint8Array, count: number): number => (murmur2(key) & 0x7fffffff) % count

export type Partitioner = (message: OutgoingMessage, count: number) => number

const anywhere: Partitioner = (_message, count) => Math.floor(Math.random() * count)

/** Goes round each topic's partitions by itself. */
export const roundRobin = (): Partitioner => {
  const next = new Map<string, number>()
  return ({ topic }, count) => {
    const turn = next.get(topic) ?? 0
    next.set(topic, turn + 1)
    return turn % count
  }
}

export const partitionerOf = (name: ProducerSettings['partitioner'] = 'key-hash'): Partitioner => {
  if (name === 'round-robin') return roundRobin()
  if (name === 'random') return anywhere
  return (message, count) => (message.key === null ? anywhere(message, count) : partitionOfKey(message.key, count))
}
