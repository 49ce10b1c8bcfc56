/** What goes wrong on a bad day, one thing after the other. */
import { setTimeout as delay } from 'node:timers/promises'
import type { Redis } from 'ioredis'
import type { LikesTable } from './likes-table.js'
import type { Asked } from './outages.js'
import type { ReplicaProcess } from './replica-process.js'
import { type BinlogPlace, canalPlace, control, type DatabaseName, rewindCanal } from './servers.js'
import type { SteadyWriter } from './steady-writer.js'

export interface Surroundings {
  readonly database: DatabaseName
  readonly replicas: readonly ReplicaProcess[]
  readonly redis: Redis
  readonly leaseKey: string
  readonly writer: SteadyWriter
  readonly table: LikesTable
  /** Where Canal was before each fault of this day, oldest first. */
  readonly places: BinlogPlace[]
}

export interface Fault {
  readonly name: string
  /** Whom readers cannot expect an answer from meanwhile. */
  readonly away?: Asked
  /** Whether readers may be told for a while that boards are not current; true unless it says otherwise. */
  readonly felt?: boolean
  /** Resolves when what was broken is whole again. */
  readonly strike: (surroundings: Surroundings) => Promise<void>
  /** Within so much time after that, ms, all readers have to be served as before. */
  readonly allowance: number
}

/** How long what is stopped stays away, ms: longer than the 3 s after which a board has to say that it is not confirmed. */
const away = 6_000
/** Until a supervisor starts a process again, ms. */
const restartAfter = 1_500
/** More than a board of ten holds in reserve. */
const purged = 100

const rolesIn = async ({ redis, leaseKey, replicas }: Surroundings) => {
  const lease = await redis.get(leaseKey)
  const owner = replicas.find(({ name }) => lease?.startsWith(`${name}:`))
  const standby = replicas.find((replica) => replica !== owner)
  if (owner === undefined || standby === undefined) throw new Error('no replica has the lease')
  return { owner, standby }
}

const killed = async (replica: ReplicaProcess): Promise<void> => {
  await replica.kill()
  await delay(restartAfter)
  await replica.start()
}

const stopped = (server: 'redis' | 'kafka' | 'canal') => async (): Promise<void> => {
  await control(server, 'stop')
  await delay(away)
  await control(server, 'start')
}

export const faults: readonly Fault[] = [
  {
    name: 'kill -9 of the owner',
    strike: async (around) => killed((await rolesIn(around)).owner),
    allowance: 8_000,
  },
  {
    name: 'FLUSHALL',
    away: 'redis',
    strike: async ({ redis }) => {
      await redis.flushall()
    },
    allowance: 8_000,
  },
  {
    name: 'top purged',
    strike: ({ writer, table }) => writer.change(() => table.purge(purged)),
    allowance: 8_000,
  },
  {
    name: 'kill -9 of the standby',
    felt: false,
    strike: async (around) => killed((await rolesIn(around)).standby),
    allowance: 8_000,
  },
  {
    name: 'owner stands still',
    strike: async (around) => {
      const { owner } = await rolesIn(around)
      owner.signal('SIGSTOP')
      await delay(away)
      owner.signal('SIGCONT')
    },
    allowance: 8_000,
  },
  {
    name: 'Redis hung',
    away: 'redis',
    strike: async () => {
      await control('redis', 'pause')
      await delay(away)
      await control('redis', 'resume')
    },
    allowance: 10_000,
  },
  {
    name: 'rolling restart',
    strike: async ({ replicas }) => {
      for (const replica of replicas) {
        const code = await replica.terminate()
        if (code !== 0) replica.unexpected += 1
        await replica.start()
      }
    },
    allowance: 8_000,
  },
  {
    name: 'TRUNCATE',
    felt: false,
    strike: ({ writer, table }) => writer.change(() => table.truncate()),
    allowance: 8_000,
  },
  {
    name: 'Canal rewound',
    strike: async ({ database, places }) => {
      const place = places.at(-4) ?? places[0]
      if (place === undefined) throw new Error('no older place of Canal is known')
      await rewindCanal(database, place)
    },
    allowance: 20_000,
  },
  { name: 'Redis stopped', away: 'redis', strike: stopped('redis'), allowance: 10_000 },
  { name: 'Kafka restarted', strike: stopped('kafka'), allowance: 15_000 },
  { name: 'Canal stopped', strike: stopped('canal'), allowance: 15_000 },
  {
    name: 'database down',
    strike: async ({ database }) => {
      await control(database, 'stop')
      await delay(away)
      await control(database, 'start')
    },
    // Canal asks for the binlog again after 10 to 20 s.
    allowance: 30_000,
  },
]

export const rememberPlace = async ({ database, places }: Surroundings): Promise<void> => {
  const place = await canalPlace(database).catch(() => undefined)
  if (place !== undefined) places.push(place)
}
