/**
 * The way of a change from end to end: a marker row is written to the database and waited for in the topics. The only
 * thing that the doctor writes: one row of the marker table, its own.
 */
import { randomUUID } from 'node:crypto'
import { isRight } from 'fp-ts/lib/Either.js'
import { firstValueFrom, map, ReplaySubject, race, timer } from 'rxjs'
import type { Positions } from '../core/positions.js'
import { type MarkerTable, writeMarker } from '../databases/mysql/marker.js'
import { type BinlogPosition, readBinlogPosition } from '../databases/mysql/server.js'
import { canalJson } from '../formats/canal-json.js'
import type { FeedSource } from '../operators/ports.js'
import type { KafkaFeed } from '../sources/kafka-feed.js'
import type { WorkerDatabase } from '../worker/database.js'
import { clockFinding } from './doctor-database.js'
import { type DoctorFinding, failed, fine, warning, wrong } from './doctor-finding.js'

export interface MarkerTrip {
  readonly database: Pick<WorkerDatabase, 'primary'>
  readonly marker: MarkerTable
  readonly feeds: readonly {
    readonly name: string
    readonly topics: readonly string[]
    readonly source: Pick<KafkaFeed, 'batches' | 'ends'>
  }[]
  /** How long it may take, ms. */
  readonly limit: number
}

/** Its row stands beside those of the feeds, and is none of theirs. */
const rowName = 'ranktide doctor'

/** The marker as it came through a feed. */
interface Seen {
  /** performance.now() */
  readonly at: number
  /** The record's own time, which is that of Canal's clock, ms since 1970. */
  readonly timestamp: number | undefined
}

export interface Arrival {
  readonly name: string
  readonly topics: readonly string[]
  /** ms after it was written; undefined: it did not come in time. */
  readonly after: number | undefined
  /** Whether anything else came meanwhile. */
  readonly moved: boolean
}

export interface Writing {
  /** Where the binary log stood; undefined: the user may not ask. */
  readonly before: BinlogPosition | undefined
  readonly after: BinlogPosition | undefined
}

/** Never rejects. */
export const sendMarker = async ({ database, marker, feeds, limit }: MarkerTrip): Promise<readonly DoctorFinding[]> => {
  const watches: Watch[] = []
  try {
    const nonce = randomUUID()
    const ends = await Promise.all(feeds.map(({ source }) => source.ends() as Promise<Positions>))
    for (const [i, { source }] of feeds.entries()) watches.push(watchFor(source, ends[i] ?? new Map(), marker, nonce))
    await Promise.all(watches.map(({ begun }) => begun))
    const before = await database.primary.use(readBinlogPosition)
    const [written, clock] = [performance.now(), Date.now()]
    await database.primary.use((session) => writeMarker(session, marker, rowName, nonce))
    const after = await database.primary.use(readBinlogPosition)
    const seen = await Promise.all(watches.map((watch) => watch.seen(limit)))
    const arrivals = await Promise.all(
      feeds.map(async ({ name, topics, source }, i): Promise<Arrival> => {
        const came = seen[i]
        const moved = came === undefined && differ(await source.ends(), ends[i])
        return { name, topics, after: came === undefined ? undefined : came.at - written, moved }
      }),
    )
    return [...judgeTrip(arrivals, { before, after }, marker, limit), ...canalClock(seen, clock, written)]
  } catch (error) {
    return [failed('end to end', error)]
  } finally {
    for (const watch of watches) watch.stop()
  }
}

const differ = (now: Positions, before: Positions | undefined): boolean =>
  [...now].some(([id, end]) => end !== before?.get(id))

interface Watch {
  /** Resolves once everything that is written from then on is seen. */
  readonly begun: Promise<void>
  seen(limit: number): Promise<Seen | undefined>
  stop(): void
}

const watchFor = (source: Pick<FeedSource, 'batches'>, start: Positions, marker: MarkerTable, nonce: string): Watch => {
  const decode = canalJson([], { marker })
  const isOurs = (value: Uint8Array | null): boolean => {
    const decoded = decode(value)
    return isRight(decoded) && decoded.right.events.some((event) => event.kind === 'marker' && event.nonce === nonce)
  }
  const begun = new ReplaySubject<void>(1)
  const found = new ReplaySubject<Seen>(1)
  const subscription = source.batches(start).subscribe({
    next: (batch) => {
      begun.next()
      const ours = batch.messages.find(({ value }) => isOurs(value))
      if (ours !== undefined) found.next({ at: performance.now(), timestamp: ours.timestamp })
      batch.release()
    },
    error: (error: unknown) => {
      begun.error(error)
      found.error(error)
    },
  })
  return {
    begun: firstValueFrom(begun),
    seen: (limit) => firstValueFrom(race(found, timer(limit).pipe(map(() => undefined)))),
    stop: () => subscription.unsubscribe(),
  }
}

/** The record's time lies between writing and arrival, if Canal's clock is right. */
const canalClock = (seen: readonly (Seen | undefined)[], clock: number, written: number): readonly DoctorFinding[] => {
  const came = seen.find((one) => one?.timestamp !== undefined)
  if (came?.timestamp === undefined) return []
  return [clockFinding('Canal clock', came.timestamp, clock, clock + came.at - written)]
}

const positionText = ({ file, position }: BinlogPosition): string => `${file}:${position}`

/** Which hop is broken, of what was seen on the way. Pure. */
export const judgeTrip = (
  arrivals: readonly Arrival[],
  writing: Writing,
  marker: MarkerTable,
  limit: number,
): readonly DoctorFinding[] => {
  const other = arrivals.find(({ after }) => after !== undefined)
  return arrivals.map((arrival) => {
    const name = `end to end ${arrival.name}`
    const { after } = arrival
    if (after !== undefined)
      return fine(name, `a marker came back after ${Math.round(after)} ms: database, Canal and Kafka take that long`)
    const what = `a marker did not come back within ${limit / 1000} s`
    const table = `${marker.database}.${marker.table}`
    if (other !== undefined) {
      const detail = `${what}, but it did in ${other.topics.join(', ')}: these boards say assumed, not exact`
      return warning(name, detail, `list that topic in boards.NAME.topic too, or let Canal send ${table} here`)
    }
    return wrong(name, `${what}; ${hops(arrival, writing)}`, advice(arrival, writing, table))
  })
}

const stands = ({ before, after }: Writing): boolean | undefined =>
  before === undefined || after === undefined ? undefined : positionText(before) === positionText(after)

const hops = ({ moved }: Arrival, writing: Writing): string => {
  const still = stands(writing)
  const position = writing.after === undefined ? '' : ` (${positionText(writing.after)})`
  const log =
    still === undefined
      ? 'whether the binary log moved may not be asked (REPLICATION CLIENT)'
      : `the binary log ${still ? 'did not move' : 'moved'}${position}`
  return `${log}, and ${moved ? 'other messages came' : 'the topic is silent'}`
}

const advice = ({ moved, topics }: Arrival, writing: Writing, table: string): string => {
  if (stands(writing) === true)
    return 'the server does not log it: see log_bin, binlog_do_db, binlog_ignore_db, and whether database.url is the server that Canal reads'
  if (moved)
    return `Canal runs but leaves ${table} out of ${topics.join(', ')}: let canal.instance.filter.regex match it, and canal.mq.dynamicTopic send it there; or Canal reads another server`
  return `see whether Canal runs, reads this server (canal.instance.master.address) and writes ${topics.join(', ')}: its logs are logs/canal and logs/DESTINATION`
}
