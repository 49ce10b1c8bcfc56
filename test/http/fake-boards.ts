import type { FastifyInstance } from 'fastify'
import { Registry } from 'prom-client'
import type { BoardQueries, BoardSummary, BoardView } from '../../src/http/board-queries.js'
import type { Health } from '../../src/http/health.js'
import { buildServer } from '../../src/http/server.js'

export const now = 1_800_000_000_000

/** Boards in memory; null: has nothing to serve yet. Counts reads. */
export class FakeBoards implements BoardQueries {
  readonly boards = new Map<string, BoardView | null>()

  list(): BoardSummary[] {
    return [...this.boards].map(([name, view]) => {
      if (view !== null) return { ...view, name, n: view.entries.length }
      const status = { state: 'degraded' as const, reason: 'nothing to serve yet' }
      return { name, size: 10, status, version: 0, confirmedAt: undefined, n: 0 }
    })
  }

  has(name: string): boolean {
    return this.boards.has(name)
  }

  read(name: string): BoardView | undefined {
    return this.boards.get(name) ?? undefined
  }
}

export const viewOf = (rows: readonly string[], more: Partial<BoardView> = {}): BoardView => ({
  entries: rows.map((row, index) => ({ member: String(index), score: '1', row })),
  status: { state: 'exact', reason: '' },
  version: 7,
  confirmedAt: now - 250,
  size: 10,
  ...more,
})

export interface LogLine {
  readonly level: 'debug' | 'error'
  readonly text: string
  readonly values: Readonly<Record<string, unknown>>
}

export interface Served {
  readonly server: FastifyInstance
  readonly boards: FakeBoards
  readonly lines: LogLine[]
  readonly registry: Registry
}

const healthy: Health = { started: () => true, ready: () => ({ ok: true, checks: [] }), draining: () => false }

export const serve = (health: Partial<Health> = {}): Served => {
  const boards = new FakeBoards()
  const registry = new Registry()
  const lines: LogLine[] = []
  const say = (level: LogLine['level']) => (values: LogLine['values'], text: string) =>
    lines.push({ level, text, values })
  const server = buildServer({
    boards,
    health: { ...healthy, ...health },
    metrics: registry,
    log: { debug: say('debug'), error: say('error') } as never,
    now: () => now,
  })
  return { server, boards, lines, registry }
}
