/** `/livez`, `/startupz`, `/readyz`: plain text for supervisors and load balancers. */
import type { FastifyInstance, FastifyReply } from 'fastify'
import { Refusal } from './envelope.js'
import type { Health, HealthCheck } from './health.js'

const answer = (reply: FastifyReply, ok: boolean, text: string): FastifyReply =>
  reply
    .code(ok ? 200 : 503)
    .header('cache-control', 'no-store')
    .type('text/plain; charset=utf-8')
    .send(`${text}\n`)

const showCheck = ({ name, ok, detail }: HealthCheck): string => `[${ok ? '+' : '-'}]${name} ${detail}`

export const addHealthRoutes = (server: FastifyInstance, health: Health): void => {
  // Asks nothing at all: a process that can answer is alive, and restarting it would mend none of its servers.
  server.get('/livez', (_request, reply) => answer(reply, true, 'ok'))

  server.get('/startupz', (_request, reply) => {
    const started = health.started()
    return answer(reply, started, started ? 'ok' : 'starting')
  })

  server.get('/readyz', (request, reply) => {
    const draining = health.draining()
    const { verbose: asked, only } = request.query as { verbose?: unknown; only?: unknown }
    if (only !== undefined && only !== 'boards' && only !== 'counters')
      throw new Refusal(400, `only is ${JSON.stringify(only)}; allowed: boards, counters`)
    const { ok, checks } = health.ready(only)
    const ready = ok && !draining
    const verdict = ready ? 'ok' : draining ? 'draining' : 'not ready'
    const lines = asked !== undefined ? [...checks.map(showCheck), verdict] : [verdict]
    return answer(reply, ready, lines.join('\n'))
  })
}
