/** Whether the HTTP port of the configuration is free here, or answered by ranktide. Listens on it for a moment. */
import { createServer } from 'node:net'
import type { Config } from '../runtime/config.js'
import { adviceFor } from './doctor-advice.js'
import { type DoctorFinding, fine, warning, wrong } from './doctor-finding.js'

const limit = 2_000

/** Never rejects. */
export const lookAtHttp = async ({ http: { host, port } }: Pick<Config, 'http'>): Promise<DoctorFinding> => {
  const name = 'http'
  if (port === 0) return fine(name, 'any free port (http.port is 0)')
  const shown = `${host}:${port}`
  const refusal = await refusalOf(host, port)
  if (refusal === undefined) return fine(name, `${shown} is free: no ranktide runs here with this configuration`)
  if (refusal !== 'EADDRINUSE') {
    const advice =
      refusal === 'EACCES' ? 'set http.port to 1024 or more' : 'set http.host to an address of this machine, or 0.0.0.0'
    return wrong(name, `PORT_TAKEN: ${shown} cannot be listened on: ${refusal}`, advice)
  }
  const answer = await ask(host, port)
  if (answer === undefined)
    return wrong(name, `PORT_TAKEN: something else than ranktide has ${shown}`, adviceFor('PORT_TAKEN'))
  if (answer.ready) return fine(name, `${shown} is answered by ranktide, which is ready`)
  return warning(
    name,
    `${shown} is answered by ranktide, which is not ready: ${answer.lines}`,
    `run: curl http://${shown}/readyz?verbose; and see its log`,
  )
}

const refusalOf = (host: string, port: number): Promise<string | undefined> =>
  new Promise((resolve) => {
    const server = createServer()
    server.once('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message))
    server.listen({ host, port }, () => server.close(() => resolve(undefined)))
  })

/** What is not well, of ranktide; undefined: it is something else that answers, or nothing. */
const ask = async (host: string, port: number): Promise<{ ready: boolean; lines: string } | undefined> => {
  const local = host === '0.0.0.0' || host === '::' ? '127.0.0.1' : host
  try {
    const url = `http://${local.includes(':') ? `[${local}]` : local}:${port}/readyz?verbose`
    const response = await fetch(url, { signal: AbortSignal.timeout(limit) })
    const lines = (await response.text()).trimEnd().split('\n')
    if (!/^(ok|not ready|draining)$/.test(lines.at(-1) ?? '')) return undefined
    return { ready: response.status === 200, lines: lines.filter((line) => line.startsWith('[-]')).join('; ') }
  } catch {
    return undefined
  }
}
