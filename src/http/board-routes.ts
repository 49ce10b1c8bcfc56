/** `GET /boards` and `GET /boards/:name`: what readers ask for. */
import type { FastifyInstance, FastifyReply } from 'fastify'
import { BoardBodies } from './board-body.js'
import type { BoardQueries, BoardSummary, BoardView } from './board-queries.js'
import { jsonType, Refusal, successBody } from './envelope.js'
import { headerText } from './header-text.js'
import { queryNumber, queryText } from './query-values.js'

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
  const { name, per, groups, size, status, version, n } = summary
  const age = ageOf(summary, now) ?? null
  const { state, reason } = status
  const members = groups === undefined ? { n } : { groups }
  return JSON.stringify({ name, ...(per === undefined ? {} : { per }), size, state, reason, age, version, ...members })
}

export const addBoardRoutes = (server: FastifyInstance, { boards, now }: BoardRoutesOptions): void => {
  const bodies = new BoardBodies()

  server.get('/boards', async (request, reply) => {
    const limit = queryNumber(request.query, 'limit', longestPage) ?? standardPage
    const after = queryText(request.query, 'after')
    const board = queryText(request.query, 'board')
    if (board !== undefined && !boards.has(board)) throw noBoard(board)
    const page = await boards.page({ after, limit, board })
    if (page.next !== undefined) {
      const of = board === undefined ? '' : `board=${encodeURIComponent(board)}&`
      reply.header('link', `</boards?${of}limit=${limit}&after=${encodeURIComponent(page.next)}>; rel="next"`)
    }
    const time = now()
    return reply.type(jsonType).send(successBody(`[${page.boards.map((one) => summaryJson(one, time)).join(',')}]`))
  })

  server.get('/boards/:name', async (request, reply) => {
    const { name } = request.params as { name: string }
    if (!boards.has(name)) throw noBoard(name)
    const view = await viewOf(boards, name, queryText(request.query, 'per'))
    if (view === undefined) throw new Refusal(503, `board ${name} has nothing to serve yet`, retryAfterSeconds)
    const limit = queryNumber(request.query, 'limit', view.size) ?? view.size
    const body = bodies.bodyOf(view, limit)
    setBoardHeaders(reply, view, now())
    // Revalidate always: the age and the state in the headers change while the body does not.
    reply.header('etag', body.etag).header('cache-control', 'no-cache')
    if (matches(request.headers['if-none-match'], body.etag)) return reply.code(304).send()
    return reply.type(jsonType).send(body.bytes)
  })
}

const noBoard = (name: string): Refusal =>
  new Refusal(404, `no board is named ${JSON.stringify(name.slice(0, 100))}; GET /boards lists them`)

/** The board of that name, or the one that it has for a value of the column that splits it. */
const viewOf = async (boards: BoardQueries, name: string, per: string | undefined): Promise<BoardView | undefined> => {
  const split = boards.split(name)
  if (split === undefined) {
    const view = boards.read(name)
    if (view !== undefined && per !== undefined) throw new Refusal(400, `board ${name} is not split: leave out per`)
    return view
  }
  if (per === undefined) {
    const hint = `say for which one, as in /boards/${name}?per=VALUE; GET /boards?board=${name} lists them`
    throw new Refusal(400, `board ${name} has one board for each value of ${split.column}: ${hint}`)
  }
  const value = split.valueOf(per)
  if (value === undefined) {
    const shown = JSON.stringify(per).slice(0, 40)
    throw new Refusal(400, `per is ${shown}; allowed: a value of the column ${split.column}, ${split.allowed}`)
  }
  return split.read(value)
}
