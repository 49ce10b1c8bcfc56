/** The doctor's look at counters and the read history: their tables, and where their groups stand. Nothing is written. */
import { lossesIn, lossText } from '../core/events-lost.js'
import type { Config, ReadingConfig } from '../runtime/config.js'
import type { Cluster } from '../sources/kafka-cluster.js'
import type { GroupPlace } from '../sources/kafka-group-place.js'
import { checkCounterTables } from '../worker/check-counters.js'
import { advised, type DoctorFinding, fine, notAsked, wrong } from './doctor-finding.js'
import { placeFinding } from './doctor-kafka.js'

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
  const places = await Promise.all(
    readers.map(({ name, reading }) =>
      cluster === undefined
        ? notAsked(name, 'no broker can be used')
        : placeFinding(config, name, reading, cluster, (place) => judgeCounter(name, reading, place)),
    ),
  )
  return [...(await checkCounterTables(config)).map(advised), ...places]
}

/** By the offsets that are mirrored to Kafka; those that count are in the database, and may be a little ahead. Pure. */
export const judgeCounter = (
  name: string,
  { group, onLoss }: Pick<ReadingConfig, 'group' | 'onLoss'>,
  { beginnings, ends, committed }: GroupPlace,
): DoctorFinding => {
  const partitions = `${ends.size} partition(s): as many workers can count`
  if (committed.size === 0) return fine(name, `${group} has counted nothing yet; ${partitions}`)
  const losses = lossesIn(committed, { first: beginnings, ends })
  if (losses.length > 0) {
    const then = onLoss === 'skip' ? 'the count goes on without them' : 'the counter stops: see counters.NAME.onLoss'
    return wrong(
      name,
      `${group}: ${losses.map(lossText).join('; ')}; ${then}`,
      'docs/counters.md has what to do about events that are gone; a retention.ms of the topic above the longest time without ranktide keeps them',
    )
  }
  const behind = [...committed].reduce((sum, [id, offset]) => sum + Math.max(0, (ends.get(id) ?? 0) - offset), 0)
  return fine(name, `${group} is ${behind} event(s) behind the end, at ${partitions}`)
}
