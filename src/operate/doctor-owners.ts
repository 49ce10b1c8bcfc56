/** Who keeps the feeds, and what the boards' keys hold, as the doctor puts it. Pure. */
import type { BoardInRedis } from '../redis/board-status.js'
import type { FeedInRedis } from '../redis/feed-status.js'
import type { BoardConfig } from '../runtime/config.js'
import type { Feed } from '../runtime/feeds.js'
import { type DoctorFinding, fine, notAsked, warning, wrong } from './doctor-finding.js'
import { ageText } from './doctor-messages.js'

export const leaseFinding = ({ name: feed, boards }: Feed, found: FeedInRedis | undefined): DoctorFinding => {
  const name = `lease ${feed}`
  if (found?.lease === undefined)
    return warning(
      name,
      `nobody owns the feed: ${boards.map((board) => board.name).join(', ')} stand still`,
      'start one: ranktide run; if some run, their logs say what they wait for',
    )
  return fine(name, `${found.lease.owner}, for ${(found.lease.leftMs / 1000).toFixed(1)} s unless it renews`)
}

interface KeyTypes {
  readonly zset: string
  readonly rows: string
  readonly meta: string
}

export const boardFinding = (
  { name: board, per }: Pick<BoardConfig, 'name' | 'per'>,
  key: string,
  types: KeyTypes,
  status: BoardInRedis | undefined,
): DoctorFinding => {
  const name = `board ${board}`
  const isNew = types.meta === 'none'
  if (types.zset !== 'zset' && types.zset !== 'none')
    return wrong(
      name,
      `${key} holds a ${types.zset} that is no board`,
      `if nobody needs it: DEL ${key}; else set boards.${board}.zset to another name`,
    )
  const strange = [types.rows, types.meta].find((type) => type !== 'hash' && type !== 'none')
  if (strange !== undefined)
    return wrong(
      name,
      `one of the keys beside ${key} holds a ${strange}, no hash`,
      `find out what else writes under this prefix (redis.prefix), and delete the key`,
    )
  if (isNew && types.zset === 'zset')
    return warning(
      name,
      `${key} is a sorted set that ranktide did not write: a start replaces it`,
      `if somebody needs it, set boards.${board}.zset to another name`,
    )
  const state = status?.stored.meta?.status
  if (isNew || state === undefined) return fine(name, 'is not in Redis yet')
  if (state.state === 'exact' || state.state === 'assumed')
    return fine(name, `${state.state}, ${per === undefined ? `${status?.rows ?? 0} member(s)` : `split by ${per}`}`)
  return warning(
    name,
    `${state.state}: ${state.reason}`,
    'run: ranktide status; a reason that begins with a code is in docs/errors.md',
  )
}

/** Whether whoever holds a feed also keeps its boards. */
export const workerFindings = (
  feed: Feed,
  found: FeedInRedis | undefined,
  boards: ReadonlyMap<string, BoardInRedis>,
): readonly DoctorFinding[] => {
  const name = `owner of ${feed.name}`
  if (found === undefined) return [notAsked(name, 'Redis cannot be used')]
  const { lease, heartbeat, now } = found
  if (heartbeat === undefined) {
    if (lease === undefined) return [fine(name, 'none, and none in the last day')]
    return [
      warning(
        name,
        `${lease.owner} has confirmed nothing yet`,
        'it waits, or has just begun: see its log, or its /readyz?verbose',
      ),
    ]
  }
  const age = now - heartbeat.at
  const told = `${heartbeat.owner} confirmed the boards ${ageText(age)} ago`
  const late = lease !== undefined && age > 10_000
  return [
    late
      ? warning(
          name,
          `${told}, though it holds the lease`,
          'see its /readyz?verbose: it waits for the database, for Kafka, or for Canal',
        )
      : fine(name, told),
    ...rivals(feed, lease?.owner, boards),
  ]
}

const rivals = (
  { boards }: Feed,
  owner: string | undefined,
  found: ReadonlyMap<string, BoardInRedis>,
): readonly DoctorFinding[] =>
  boards.flatMap(({ name }) => {
    const other = found.get(name)?.stored.owner
    if (owner === undefined || other === undefined || other === owner) return []
    return [
      warning(
        `owner of board ${name}`,
        `${other}, but the lease is held by ${owner}`,
        'if it stays so, two installations write one prefix: give each its own redis.prefix',
      ),
    ]
  })
