/** Pub/sub: who listens to which channels and patterns. */
import { globMatches } from './glob.js'
import type { Reply } from './reply.js'

/** One connection that listens. */
export interface Listener {
  readonly channels: Set<string>
  readonly patterns: Set<string>
  send(message: Reply): void
}

export class Channels {
  readonly #listeners = new Set<Listener>()

  add(listener: Listener): void {
    this.#listeners.add(listener)
  }

  remove(listener: Listener): void {
    this.#listeners.delete(listener)
  }

  /** To how many subscriptions the message went. */
  publish(channel: string, message: string): number {
    let count = 0
    for (const listener of this.#listeners) {
      if (listener.channels.has(channel)) {
        listener.send(['message', channel, message])
        count += 1
      }
      for (const pattern of listener.patterns) {
        if (!globMatches(pattern, channel)) continue
        listener.send(['pmessage', pattern, channel, message])
        count += 1
      }
    }
    return count
  }
}
