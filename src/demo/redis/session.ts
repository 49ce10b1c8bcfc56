/** One connection to the built-in server: transactions, subscriptions, and the commands that are not about keys. */
import type { Listener } from './channels.js'
import { Failure, ok, type Reply, Status } from './reply.js'

/** `{ replies }`: more than one, or none, where a command is answered so. */
type Answer = Reply | { readonly replies: readonly Reply[] }

export class Session implements Listener {
  readonly channels = new Set<string>()
  readonly patterns = new Set<string>()
  readonly send: (message: Reply) => void
  readonly #run: (request: readonly string[]) => Reply
  #queued: (readonly string[])[] | undefined

  /** `run`: any other command; failures are answered. */
  constructor(run: (request: readonly string[]) => Reply, send: (message: Reply) => void) {
    this.#run = run
    this.send = send
  }

  /** Answers by `send`, in the order of the requests. */
  take(request: readonly string[]): void {
    const name = request[0]?.toUpperCase() ?? ''
    if (this.#queued !== undefined && !['EXEC', 'DISCARD', 'MULTI'].includes(name)) {
      this.#queued.push(request)
      this.send(new Status('QUEUED'))
      return
    }
    const answer = this.#answer(name, request)
    if (answer !== null && typeof answer === 'object' && 'replies' in answer) answer.replies.forEach(this.send)
    else this.send(answer)
  }

  #answer(name: string, request: readonly string[]): Answer {
    const [, ...args] = request
    switch (name) {
      case 'PING':
        return args[0] ?? new Status('PONG')
      case 'ECHO':
        return args[0] ?? ''
      case 'SELECT':
        return args[0] === '0' ? ok : new Failure('ERR DB index is out of range: the built-in server has one database')
      case 'QUIT':
        return ok
      case 'MULTI':
        if (this.#queued !== undefined) return new Failure('ERR MULTI calls can not be nested')
        this.#queued = []
        return ok
      case 'EXEC':
        return this.#exec()
      case 'DISCARD':
        if (this.#queued === undefined) return new Failure('ERR DISCARD without MULTI')
        this.#queued = undefined
        return ok
      case 'SUBSCRIBE':
      case 'PSUBSCRIBE':
      case 'UNSUBSCRIBE':
      case 'PUNSUBSCRIBE':
        return { replies: this.#subscriptions(name, args) }
      default:
        return this.#run(request)
    }
  }

  #exec(): Reply {
    const queued = this.#queued
    if (queued === undefined) return new Failure('ERR EXEC without MULTI')
    this.#queued = undefined
    return queued.map((request) => {
      const answer = this.#answer(request[0]?.toUpperCase() ?? '', request)
      return answer !== null && typeof answer === 'object' && 'replies' in answer ? answer.replies : answer
    })
  }

  /** One confirmation for each name; leaving all of them needs no names. */
  #subscriptions(command: string, names: readonly string[]): readonly Reply[] {
    const set = command.startsWith('P') ? this.patterns : this.channels
    const leaves = command.includes('UNSUB')
    const wanted = leaves && names.length === 0 ? [...set] : names
    if (wanted.length === 0) return [[command.toLowerCase(), null, this.channels.size + this.patterns.size]]
    return wanted.map((name) => {
      if (leaves) set.delete(name)
      else set.add(name)
      return [command.toLowerCase(), name, this.channels.size + this.patterns.size]
    })
  }
}
