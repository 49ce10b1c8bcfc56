/**
 * Reads the board by HTTP as a client of several replicas does: one after the other in turn, and at once from another
 * when one cannot be reached, does not answer in time or has nothing to serve yet. Where none answers, there is no board.
 */
import { Agent, get, type IncomingMessage } from 'node:http'
import type { Read, ToldBoard } from './judge.js'

interface Endpoint {
  readonly name: string
  readonly address: string | undefined
}

/** Longer than any answer takes, ms. */
const patience = 2_000

export class HttpReader {
  readonly #endpoints: readonly Endpoint[]
  readonly #path: string
  readonly #agent = new Agent({ keepAlive: true, maxSockets: 200 })
  #turn = 0

  constructor(endpoints: readonly Endpoint[], path: string) {
    this.#endpoints = endpoints
    this.#path = path
  }

  /** Never rejects. */
  async read(): Promise<Read> {
    this.#turn += 1
    const first = this.#turn % this.#endpoints.length
    const inTurn = [...this.#endpoints.slice(first), ...this.#endpoints.slice(0, first)]
    const began = performance.now()
    const failures: string[] = []
    for (const { name, address } of inTurn) {
      // Each attempt is a read of its own: what it shows is judged by when this replica was asked.
      const asked = performance.now()
      try {
        const told = await this.#ask(address)
        return { source: `http ${name}`, asked: 'http', began: asked, ended: performance.now(), told }
      } catch (error) {
        failures.push(`${name}: ${error instanceof Error ? error.message : String(error)}`)
      }
    }
    return { source: 'http', asked: 'http', began, ended: performance.now(), told: { missing: failures.join('; ') } }
  }

  close(): void {
    this.#agent.destroy()
  }

  async #ask(address: string | undefined): Promise<ToldBoard> {
    if (address === undefined) throw new Error('never started')
    const { status, body, header } = await this.#fetch(`${address}${this.#path}`)
    if (status !== 200) throw new Error(`${status} ${body}`)
    const age = header('x-board-age')
    const version = header('x-board-version')
    return {
      content: /"data":\[(.*)\]\}$/s.exec(body)?.[1] ?? body,
      state: header('x-board-state') ?? '',
      reason: header('x-board-reason') ?? '',
      age: age === undefined ? undefined : Number(age),
      version: version === undefined ? undefined : Number(version),
    }
  }

  #fetch(url: string): Promise<{ status: number; body: string; header: (name: string) => string | undefined }> {
    return new Promise((resolve, reject) => {
      const request = get(url, { agent: this.#agent }, (response: IncomingMessage) => {
        let body = ''
        response.setEncoding('utf8').on('data', (text: string) => {
          body += text
        })
        response.once('end', () => {
          clearTimeout(timer)
          const header = (name: string): string | undefined => {
            const value = response.headers[name]
            return typeof value === 'string' ? value : undefined
          }
          resolve({ status: response.statusCode ?? 0, body, header })
        })
        response.once('error', reject)
      })
      const timer = setTimeout(() => request.destroy(new Error(`no answer in ${patience} ms`)), patience)
      request.once('error', (error) => {
        clearTimeout(timer)
        reject(error)
      })
    })
  }
}
