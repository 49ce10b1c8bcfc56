/** The example's server on stand-ins for everything outside: what routes make of requests, without servers. */
import { SignJWT } from 'jose'
import { noCounts } from '../../../examples/webook/item.js'
import type { Profile } from '../../../examples/webook/profile.js'
import { ReadEvents } from '../../../examples/webook/read-events.js'
import { buildServer, type ServerPorts } from '../../../examples/webook/server.js'
import { tokenReader } from '../../../examples/webook/tokens.js'
import type { RecordChange } from '../../../examples/webook/user-records.js'
import type { HistoryEntry, HistoryPlace } from '../../../src/operators/batch-store.js'
import { MemoryLog } from '../../../src/sources/memory-log.js'

export const secret = 'a secret of thirty-two bytes or more'
export const issuer = 'webook'
/** 2026-11-20T12:00:00Z */
export const now = Date.UTC(2026, 10, 20, 12)

export interface TokenClaims {
  readonly sub?: string
  readonly iss?: string
  /** Seconds since 1970; null: none. */
  readonly exp?: number | null
  readonly secret?: string
  readonly alg?: string
}

export const token = (claims: TokenClaims = {}): Promise<string> => {
  const { sub = '7', iss = issuer, exp = now / 1000 + 60, alg = 'HS256' } = claims
  const made = new SignJWT({ ...(sub === '' ? {} : { sub }), iss, ...(exp === null ? {} : { exp }) })
  return made.setProtectedHeader({ alg }).sign(new TextEncoder().encode(claims.secret ?? secret))
}

const before = (place: HistoryPlace | undefined) => (entry: HistoryEntry) =>
  place === undefined || entry.readAt < place.readAt

/** A user's reads, latest first. */
export class FakeHistory {
  readonly reads = new Map<string, HistoryEntry[]>()

  async page(uid: string, limit: number, place?: HistoryPlace): Promise<readonly HistoryEntry[]> {
    return (this.reads.get(uid) ?? []).filter(before(place)).slice(0, limit)
  }

  async erase(uid: string): Promise<number> {
    const erased = this.reads.get(uid)?.length ?? 0
    this.reads.delete(uid)
    return erased
  }
}

export interface LogLine {
  readonly level: string
  readonly keys: unknown
  readonly text: string
}

export const serveFakes = (change: Partial<ServerPorts> = {}) => {
  const log = new MemoryLog({ read_events: 4 })
  const history = new FakeHistory()
  const profiles = new Map<string, Profile>()
  const changes: RecordChange[] = []
  const lines: LogLine[] = []
  const line = (level: string) => (keys: unknown, text: string) => void lines.push({ level, keys, text })
  const server = buildServer({
    userOf: tokenReader({ secret, issuer, now: () => now }),
    records: {
      set: async (asked) => {
        changes.push(asked)
        return { changed: true, count: '1' }
      },
      marks: async () => new Map(),
    },
    counts: { read: async (_biz, ids) => new Map(ids.map((id) => [id, noCounts])) },
    reads: new ReadEvents({
      connect: async () => log.producer({ timeout: 200 }),
      topic: 'read_events',
      limit: 300,
    }),
    profiles: {
      get: async (uid) => profiles.get(uid),
      put: async (uid, profile) => void profiles.set(uid, profile),
    },
    history,
    log: { debug: line('debug'), info: line('info'), warn: line('warn'), error: line('error') },
    now: () => now,
    ...change,
  } as ServerPorts)
  const ask = async (line: string, body?: object, authorization?: string) => {
    const [method = '', url = ''] = line.split(' ')
    return server.inject({
      method: method as 'GET',
      url,
      headers: { authorization: authorization ?? `Bearer ${await token()}` },
      ...(body === undefined ? {} : { payload: body }),
    })
  }
  return { server, log, history, profiles, changes, lines, ask }
}
