/** `POST /admin/reload`: for operators, who know the token. Nothing is told to anybody else. */
import { createHash, timingSafeEqual } from 'node:crypto'
import type { FastifyInstance } from 'fastify'
import { jsonType, Refusal, successBody } from './envelope.js'

/** What came of a reload, as it is answered. */
export type ReloadAnswer =
  | { readonly kind: 'reloaded'; readonly changed: readonly unknown[]; readonly unchanged: readonly string[] }
  | { readonly kind: 'refused'; readonly why: keyof typeof statuses; readonly text: string }

export interface Administration {
  /** The token of now; undefined: nobody may do anything. */
  token(): string | undefined
  reload(): Promise<ReloadAnswer>
}

const statuses = { invalid: 422, restart: 409, unreachable: 503, starting: 503 } as const
const retryAfterSeconds = 5

/** Of equal length whatever they are of, so that the comparison tells nothing of the token. */
const digest = (text: string): Buffer => createHash('sha256').update(text).digest()

const isToken = (authorization: string | undefined, token: string): boolean => {
  const [, given = ''] = /^Bearer +(\S+) *$/i.exec(authorization ?? '') ?? []
  return timingSafeEqual(digest(given), digest(token))
}

export const addAdminRoutes = (server: FastifyInstance, { token, reload }: Administration): void => {
  server.register(async (routes) => {
    // A body says nothing here, whatever it is.
    routes.removeAllContentTypeParsers()
    routes.addContentTypeParser('*', (_request, payload, done) => {
      payload.resume()
      done(null)
    })
    routes.addHook('onRequest', async (request) => {
      const known = token()
      if (known === undefined)
        throw new Refusal(
          404,
          'changes over HTTP are off: set http.adminToken in the configuration, then reload by SIGHUP or restart',
        )
      if (isToken(request.headers.authorization, known)) return
      throw new Refusal(401, 'the token is missing or wrong: send the header Authorization: Bearer TOKEN')
    })
    routes.post('/admin/reload', async (_request, reply) => {
      const answer = await reload()
      reply.type(jsonType).header('cache-control', 'no-store')
      if (answer.kind === 'reloaded') {
        const { changed, unchanged } = answer
        return reply.send(successBody(JSON.stringify({ changed, unchanged })))
      }
      const status = statuses[answer.why]
      throw new Refusal(status, answer.text, status === 503 ? retryAfterSeconds : undefined)
    })
  })
}
