/**
 * The example's HTTP server. One place answers and logs what goes wrong; handlers only throw. Nobody's data gets into the
 * log: neither ids nor paths nor what was sent, only which route answered what, and how long it took.
 */
import fastify, { type FastifyError, type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify'
import { errorTable, RanktideError, verdictOf } from '../../src/core/errors.js'
import { failureBody, jsonType, Refusal } from '../../src/http/envelope.js'
import type { Log } from '../../src/runtime/log.js'
import { addHistoryRoutes } from './history-routes.js'
import { addInteractionRoutes, type InteractionPorts } from './interaction-routes.js'
import { addProfileRoutes, type ProfilePorts } from './profile-routes.js'
import { Unauthorized } from './tokens.js'

declare module 'fastify' {
  interface FastifyRequest {
    /** The user that the token names: a decimal text. */
    uid: string
  }
}

export interface ServerPorts extends InteractionPorts, ProfilePorts {
  /** Of the Authorization header, the user's id; rejects with Unauthorized. */
  readonly userOf: (authorization: string | undefined) => Promise<string>
  readonly history: Parameters<typeof addHistoryRoutes>[1]
  readonly log: Pick<Log, 'debug' | 'info' | 'warn' | 'error'>
}

interface Answer {
  readonly status: number
  readonly text: string
  readonly headers: Readonly<Record<string, string | number>>
}

/** When to ask again after a server was away, seconds. */
const retryAfter = 1

const answerTo = (error: Error & Partial<FastifyError>): Answer => {
  if (error instanceof Unauthorized) {
    return { status: 401, text: error.message, headers: { 'www-authenticate': error.challenge } }
  }
  if (error instanceof Refusal) return { status: error.statusCode, text: error.message, headers: {} }
  if (error instanceof RanktideError && verdictOf(error) === 'retry') {
    const text = `${errorTable[error.code].message}; ask again in a moment`
    return { status: 503, text, headers: { 'retry-after': retryAfter } }
  }
  const status = error.statusCode ?? 500
  return status >= 400 && status < 500
    ? { status, text: error.message, headers: {} }
    : { status: 500, text: 'internal error', headers: {} }
}

const routeOf = ({ method, routeOptions }: FastifyRequest): object => ({ method, route: routeOptions.url ?? 'none' })

const answerError =
  (log: ServerPorts['log']) =>
  (error: Error, request: FastifyRequest, reply: FastifyReply): FastifyReply => {
    const { status, text, headers } = answerTo(error)
    // The text of a refusal quotes what was sent.
    if (status === 503) log.warn({ ...routeOf(request), error }, 'Request could not be served now')
    else if (status >= 500) log.error({ ...routeOf(request), error }, 'Request failed')
    return reply.code(status).headers(headers).type(jsonType).send(failureBody(status, text))
  }

/** Once it closes, a connection ends with the answer under way: a kept one would hold up the end of the process. */
const closeAfterAnswers = (server: FastifyInstance): void => {
  let closing = false
  server.addHook('preClose', async () => {
    closing = true
  })
  server.addHook('onSend', async (_request, reply) => {
    if (closing) reply.header('connection', 'close')
  })
}

/** Does not listen yet. */
export const buildServer = (ports: ServerPorts): FastifyInstance => {
  const { log, userOf } = ports
  const onError = answerError(log)
  const server = fastify({
    logger: false,
    return503OnClosing: false,
    forceCloseConnections: 'idle',
    requestTimeout: 10_000,
    bodyLimit: 16_384,
    routerOptions: { maxParamLength: 500 },
    frameworkErrors: (error, request, reply) => {
      onError(error, request, reply)
    },
  })
  server.setErrorHandler(onError)
  server.setNotFoundHandler((request) => {
    throw new Refusal(404, `nothing is at ${request.method} ${(request.url.split('?')[0] ?? '').slice(0, 100)}`)
  })
  server.decorateRequest('uid', '')
  server.addHook('onResponse', async (request, reply) => {
    const ms = Math.round(reply.elapsedTime)
    log.info({ ...routeOf(request), status: reply.statusCode, ms }, 'Request answered')
  })
  closeAfterAnswers(server)
  server.get('/livez', async (_request, reply) => reply.type('text/plain').send('ok'))

  // Before anything of the request is read: who is nobody learns nothing of what would be allowed.
  const asUser = (add: (scope: FastifyInstance) => void): void => {
    server.register(async (scope) => {
      scope.addHook('onRequest', async (request) => {
        request.uid = await userOf(request.headers.authorization)
      })
      add(scope)
    })
  }
  asUser((scope) => addInteractionRoutes(scope, ports))
  asUser((scope) => addHistoryRoutes(scope, ports.history))
  asUser((scope) => addProfileRoutes(scope, ports))
  return server
}
