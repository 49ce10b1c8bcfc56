// A TCP proxy before a server, which cuts or silences connections at a chosen moment of the client's words.
import { connect, createServer, type Server, type Socket } from 'node:net'

/**
 * `cut-before`: the statement never arrives. `cut-after`: it arrives and is carried out, with all that stands in one message
 * with it; the answer does not come back.
 * `silence-before`: it does not arrive, and the server sees its connection open for as long as it likes.
 */
export type Damage = 'cut-before' | 'cut-after' | 'silence-before'

interface Plan {
  readonly words: string
  readonly damage: Damage
  left: number
}

export class CutProxy {
  readonly #server: Server
  readonly #target: URL
  readonly #sockets = new Set<Socket>()
  #plan: Plan | undefined
  /** How often a plan was carried out. */
  done = 0

  private constructor(target: URL) {
    this.#target = target
    this.#server = createServer((client) => this.#forward(client))
  }

  static async open(target: string): Promise<CutProxy> {
    const proxy = new CutProxy(new URL(target))
    await new Promise<void>((resolve) => proxy.#server.listen(0, '127.0.0.1', resolve))
    return proxy
  }

  get url(): string {
    const address = this.#server.address()
    if (address === null || typeof address === 'string') throw new Error('no port')
    return Object.assign(new URL(this.#target), { hostname: '127.0.0.1', port: String(address.port) }).href
  }

  /** At the next packets with these words, so many times. */
  plan(words: string, damage: Damage, times = 1): void {
    this.#plan = { words, damage, left: times }
  }

  close(): void {
    for (const socket of this.#sockets) socket.destroy()
    this.#server.close()
  }

  #forward(client: Socket): void {
    const server = connect(Number(this.#target.port), this.#target.hostname)
    let silent = false
    for (const [socket, other] of [
      [client, server],
      [server, client],
    ] as const) {
      this.#sockets.add(socket)
      socket.on('error', () => {})
      socket.on('close', () => {
        if (!silent) other.destroy()
      })
    }
    let deaf = false
    client.on('data', (data) => {
      const damage = this.#damageOf(data)
      if (silent) return
      if (damage === 'silence-before') silent = true
      else if (damage === 'cut-before') for (const socket of [client, server]) socket.destroy()
      else {
        deaf ||= damage === 'cut-after'
        server.write(data)
      }
    })
    let said: NodeJS.Timeout | undefined
    server.on('data', (data) => {
      if (!deaf && !silent) client.write(data)
      if (!deaf) return
      // The answer is awaited to its end, so that everything has been carried out, and dropped.
      clearTimeout(said)
      said = setTimeout(() => {
        for (const socket of [client, server]) socket.destroy()
      }, 300)
    })
  }

  #damageOf(data: Buffer): Damage | undefined {
    const plan = this.#plan
    if (plan === undefined || plan.left === 0 || !data.includes(plan.words)) return undefined
    plan.left--
    this.done++
    return plan.damage
  }
}
