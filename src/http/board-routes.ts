/** `GET /boards` and `GET /boards/:name`: what readers ask for. */
import type { FastifyInstance, FastifyReply } from 'fastify'
import { BoardBodies } from './board-body.js'
import type { BoardQueries, BoardSummary, BoardView } from './board-queries.js'
import { jsonType, Refusal, successBody } from './envelope.js'
import { headerText } from './header-text.js'
import { queryNumber } from './query-number.js'

export interface BoardRoutesOptions {
  readonly boards: BoardQueries
  /** The time now, ms since 1970. */
  readonly now: () => number
}

const retryAfterSeconds = 1
const standardPage = 100
const longestPage = 1000

/** Seconds since the owner last confirmed the board; undefined if that is not known. */
const ageOf = ({ confirmedAt }: Pick<BoardView, 'confirmedAt'>, now: number): number | undefined =>
  confirmedAt === undefined ? undefined : Math.max(0, now - confirmedAt) / 1000

const setBoardHeaders = (reply: FastifyReply, view: BoardView, now: number): void => {
  const age = ageOf(view, now)
  reply.header('x-board-state', view.status.state)
  reply.header('x-board-reason', headerText(view.status.reason))
  if (age !== undefined) reply.header('x-board-age', age.toFixed(3))
  reply.header('x-board-version', String(view.version))
}

/** If-None-Match compares weakly, may list several tags, and `*` stands for any. */
const matches = (ifNoneMatch: string | undefined, etag: string): boolean =>
  ifNoneMatch
    ?.split(',')
    .map((tag) => tag.trim().replace(/^W\//, ''))
    .some((tag) => tag === '*' || tag === etag) ?? false

const summaryJson = (summary: BoardSummary, now: number): string => {
  const { name, size, status, version, n } = summary
  const age = ageOf(summary, now) ?? null
  return JSON.stringify({ name, size, state: status.state, reason: status.reason, age, version, n })
}

export const addBoardRoutes = (server: FastifyInstance, { boards, now }: BoardRoutesOptions): void => {
  const bodies = new BoardBodies()

  server.get('/boards', (request, reply) => {
    const limit = queryNumber(request.query, 'limit', longestPage) ?? standardPage
    const { after } = request.query as { after?: unknown }
    if (after !== undefined && typeof after !== 'string') throw new Refusal(400, 'after is given twice; allowed: once')
    const all = boards.list().filter(({ name }) => after === undefined || name > after)
    const page = all.sort((a, b) => (a.name < b.name ? -1 : 1)).slice(0, limit)
    const last = page.at(-1)
    if (last !== undefined && page.length < all.length) {
      reply.header('link', `</boards?limit=${limit}&after=${encodeURIComponent(last.name)}>; rel="next"`)
    }
    const time = now()
    return reply.type(jsonType).send(successBody(`[${page.map((summary) => summaryJson(summary, time)).join(',')}]`))
  })

  server.get('/boards/:name', (request, reply) => {
    const { name } = request.params as { name: string }
    const view = boards.read(name)
    if (view === undefined) {
      if (boards.has(name)) throw new Refusal(503, `board ${name} has nothing to serve yet`, retryAfterSeconds)
      throw new Refusal(404, `no board is named ${JSON.stringify(name.slice(0, 100))}; GET /boards lists them`)
    }
    const limit = queryNumber(request.query, 'limit', view.size) ?? view.size
    const body = bodies.bodyOf(view, limit)
    setBoardHeaders(reply, view, now())
    // Revalidate always: the age and the state in the headers change while the body does not.
    reply.header('etag', body.etag).header('cache-control', 'no-cache')
    if (matches(request.headers['if-none-match'], body.etag)) return reply.code(304).send()
    return reply.type(jsonType).send(body.bytes)
  })
}
