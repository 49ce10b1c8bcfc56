/**
 * The HTTP server: boards, health, metrics. Reads are answered from memory, so they go on whatever else is down.
 * One place answers and logs everything that goes wrong; handlers only throw.
 */
import type { Socket } from 'node:net'
import fastify, {
  type ConnectionError,
  type FastifyError,
  type FastifyInstance,
  type FastifyReply,
  type FastifyRequest,
} from 'fastify'
import type { Registry } from 'prom-client'
import { RanktideError } from '../core/errors.js'
import type { Log } from '../runtime/log.js'
import { type Administration, addAdminRoutes } from './admin-routes.js'
import type { BoardQueries } from './board-queries.js'
import { addBoardRoutes } from './board-routes.js'
import { failureBody, jsonType, Refusal } from './envelope.js'
import type { Health } from './health.js'
import { addHealthRoutes } from './health-routes.js'

export interface ServerOptions {
  readonly boards: BoardQueries
  readonly health: Health
  /** What operators may do over HTTP; undefined: nothing. */
  readonly administration?: Administration
  readonly metrics: Pick<Registry, 'metrics' | 'contentType'>
  readonly log: Pick<Log, 'debug' | 'error'>
  /** The time now, ms since 1970. */
  readonly now: () => number
}

/** What the client reads: the sentence of a refusal, or of a request that was at fault; nothing of our own faults. */
const textFor = (error: Error, status: number): string =>
  error instanceof Refusal || status < 500 ? error.message : 'internal error'

const statusOf = (error: Partial<FastifyError>): number => {
  const status = error.statusCode ?? 500
  return status >= 400 && status <= 599 ? status : 500
}

const answerError = (log: ServerOptions['log']) => {
  return (error: Error, request: FastifyRequest, reply: FastifyReply): FastifyReply => {
    const status = statusOf(error)
    const where = { method: request.method, path: request.url.slice(0, 200), status }
    if (error instanceof Refusal || status < 500) log.debug({ ...where, reason: error.message }, 'Request refused')
    else log.error({ ...where, error }, 'Request failed')
    if (error instanceof Refusal && error.retryAfter !== undefined) reply.header('retry-after', error.retryAfter)
    return reply
      .code(status)
      .type(jsonType)
      .send(failureBody(status, textFor(error, status)))
  }
}

/** Bytes that are no HTTP request never reach a route: they are answered on the socket. */
const answerGarbage = (error: ConnectionError, socket: Socket): void => {
  if (error.code === 'ECONNRESET' || !socket.writable) return
  const body = failureBody(400, 'this is not an HTTP request')
  const head = `HTTP/1.1 400 Bad Request\r\ncontent-type: ${jsonType}\r\ncontent-length: ${Buffer.byteLength(body)}`
  socket.end(`${head}\r\nconnection: close\r\n\r\n${body}`)
}

/** Longer names in a path are refused with 414; shorter ones that no board has, with 404. */
const longestName = 2000

/** Does not listen yet. */
export const buildServer = ({ boards, health, administration, metrics, log, now }: ServerOptions): FastifyInstance => {
  const onError = answerError(log)
  const server = fastify({
    logger: false,
    // While draining, requests that still come in are answered; /readyz tells the balancer to send no more.
    return503OnClosing: false,
    forceCloseConnections: 'idle',
    requestTimeout: 10_000,
    bodyLimit: 1024,
    routerOptions: { maxParamLength: longestName },
    clientErrorHandler: answerGarbage,
    frameworkErrors: (error, request, reply) => {
      onError(error, request, reply)
    },
  })
  server.setErrorHandler(onError)
  server.setNotFoundHandler((request) => {
    const path = (request.url.split('?')[0] ?? '').slice(0, 100)
    throw new Refusal(404, `nothing is at ${request.method} ${path}; GET /boards lists the boards`)
  })
  addBoardRoutes(server, { boards, now })
  addHealthRoutes(server, health)
  if (administration !== undefined) addAdminRoutes(server, administration)
  server.get('/metrics', async (_request, reply) => reply.type(metrics.contentType).send(await metrics.metrics()))
  return server
}

/** Listens; returns the address that clients use. Fails with PORT_TAKEN where that port cannot be had. */
export const listen = async (server: FastifyInstance, at: { host: string; port: number }): Promise<string> => {
  try {
    return await server.listen({ host: at.host, port: at.port })
  } catch (error) {
    const reason = portFaults[(error as NodeJS.ErrnoException).code ?? '']
    if (reason === undefined) throw error
    throw new RanktideError('PORT_TAKEN', `${at.host}:${at.port} ${reason}`, { cause: error })
  }
}

const portFaults: Readonly<Record<string, string>> = {
  EADDRINUSE: 'is in use by another process; set http.port to a free one',
  EACCES: 'may not be opened by this user; set http.port to 1024 or above',
  EADDRNOTAVAIL: 'is no address of this machine; set http.host to one that is',
  ENOTFOUND: 'is no host that can be found; set http.host to an address of this machine',
}
