/** The doctor's look at counters and the read history: their tables, and where their groups stand. Nothing is written. */
import type { Config, ReadingConfig } from '../runtime/config.js'
import type { Cluster } from '../sources/kafka-cluster.js'
import { type GroupPlace, readGroupPlace } from '../sources/kafka-group-place.js'
import { checkCounterTables } from '../worker/check-counters.js'
import { advised, type DoctorFinding, failed, fine, notAsked, wrong } from './doctor-finding.js'

/** Longest time for any answer, ms. */
const limit = 5_000

/** Empty where nothing is counted. Never rejects. */
export const lookAtCounters = async (
  config: Config,
  cluster: Cluster | undefined,
): Promise<readonly DoctorFinding[]> => {
  const { counters, history } = config
  const readers = [
    ...counters.map((counter) => ({ name: `group of counter ${counter.spec.name}`, reading: counter })),
    ...(history === undefined ? [] : [{ name: 'group of the history', reading: history }]),
  ]
  if (readers.length === 0) return []
  const places = await Promise.all(readers.map(({ name, reading }) => placeOf(config, name, reading, cluster)))
  return [...(await checkCounterTables(config)).map(advised), ...places]
}

const placeOf = async (
  { kafka }: Config,
  name: string,
  { group, topics, onLoss }: ReadingConfig,
  cluster: Cluster | undefined,
): Promise<DoctorFinding> => {
  if (cluster === undefined) return notAsked(name, 'no broker can be used')
  if (topics.some((topic) => !cluster.topics.some((one) => one.name === topic)))
    return notAsked(name, 'a topic of it is not there')
  try {
    const address = { brokers: kafka.brokers.join(','), client: kafka.client, group }
    return judgeCounter(name, group, onLoss, await readGroupPlace(address, topics, Date.now(), limit))
  } catch (error) {
    return failed(name, error)
  }
}

/** By the offsets that are mirrored to Kafka; those that count are in the database, and may be a little ahead. Pure. */
export const judgeCounter = (
  name: string,
  group: string,
  onLoss: ReadingConfig['onLoss'],
  { beginnings, ends, committed }: GroupPlace,
): DoctorFinding => {
  const partitions = `${ends.size} partition(s): as many workers can count`
  if (committed.size === 0) return fine(name, `${group} has counted nothing yet; ${partitions}`)
  const gone = [...committed].filter(([id, offset]) => offset < (beginnings.get(id) ?? 0)).map(([id]) => id)
  if (gone.length > 0) {
    const then = onLoss === 'skip' ? 'the count goes on without them' : 'the counter stops: see counters.NAME.onLoss'
    return wrong(
      name,
      `${group} has not counted events that ${gone.join(', ')} no longer holds; ${then}`,
      'raise retention.ms of the topic above the longest time without ranktide; docs/counters.md has what to do about events that are gone',
    )
  }
  const behind = [...committed].reduce((sum, [id, offset]) => sum + Math.max(0, (ends.get(id) ?? 0) - offset), 0)
  return fine(name, `${group} is ${behind} event(s) behind the end, at ${partitions}`)
}
