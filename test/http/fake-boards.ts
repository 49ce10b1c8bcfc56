import type { FastifyInstance } from 'fastify'
import { Registry } from 'prom-client'
import type {
  BoardPage,
  BoardQueries,
  BoardSummary,
  BoardView,
  PageRequest,
  SplitQueries,
} from '../../src/http/board-queries.js'
import type { Health } from '../../src/http/health.js'
import { buildServer } from '../../src/http/server.js'

export const now = 1_800_000_000_000

/** Boards in memory; null: has nothing to serve yet. Counts reads. */
export class FakeBoards implements BoardQueries {
  readonly boards = new Map<string, BoardView | null>()
  readonly groups = new Map<string, Map<string, BoardView>>()

  list(): BoardSummary[] {
    return [...this.boards].map(([name, view]) => {
      if (view !== null) return { ...view, name, n: view.entries.length }
      const status = { state: 'degraded' as const, reason: 'nothing to serve yet' }
      return { name, size: 10, status, version: 0, confirmedAt: undefined, n: 0 }
    })
  }

  /** Groups of split boards stand beside the others, by name and value. */
  async page({ after = '', limit, board }: PageRequest): Promise<BoardPage> {
    const groups = [...this.groups].flatMap(([name, views]) =>
      [...views].map(([per, view]) => ({ ...view, name, per, n: view.entries.length })),
    )
    const of = board === undefined ? [...this.list(), ...groups] : groups.filter(({ name }) => name === board)
    const cursor = (one: BoardSummary) => (one.per === undefined ? one.name : `${one.name}/${one.per}`)
    const all = of.filter((one) => cursor(one) > after).sort((a, b) => (cursor(a) < cursor(b) ? -1 : 1))
    const last = all[limit - 1]
    return { boards: all.slice(0, limit), next: last && all.length > limit ? cursor(last) : undefined }
  }

  split(name: string): SplitQueries | undefined {
    const views = this.groups.get(name)
    if (views === undefined) return undefined
    return {
      column: 'biz_id',
      allowed: 'a whole number',
      valueOf: (text) => (/^\d+$/.test(text) ? String(Number(text)) : undefined),
      read: async (value) => views.get(value),
    }
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
