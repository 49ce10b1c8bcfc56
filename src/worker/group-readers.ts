/** What reads the groups of a feed's split boards, for as long as these are split as they are. */
import type { RedisClient } from '../redis/client.js'
import { GroupReader } from '../redis/group-reader.js'
import type { Feed } from '../runtime/feeds.js'
import type { Lifecycle } from '../runtime/lifecycle.js'

interface ReaderSurroundings {
  readonly client: RedisClient
  /** A connection of its own for what Redis tells. */
  readonly subscriber: RedisClient
  readonly prefix: string
  readonly lifecycle: Lifecycle
}

interface Reading {
  readonly reader: GroupReader
  /** The most groups that there may be. */
  readonly most: number
  readonly stop: () => Promise<boolean>
}

export class GroupReaders {
  readonly #around: ReaderSurroundings
  /** By split board. */
  readonly #readings = new Map<string, Reading>()

  constructor(around: ReaderSurroundings) {
    this.#around = around
  }

  /** Reads those of this feed from now on, and no others; by split board. */
  read({ name: feed, boards }: Feed): ReadonlyMap<string, GroupReader> {
    const { client, subscriber, prefix, lifecycle } = this.#around
    const wanted = new Map(boards.flatMap(({ name, per, maxBoards }) => (per === undefined ? [] : [[name, maxBoards]])))
    for (const [name, { most, stop }] of this.#readings) {
      if (wanted.get(name) === most) continue
      this.#readings.delete(name)
      void stop()
    }
    for (const [board, most] of wanted) {
      if (this.#readings.has(board)) continue
      const reader = new GroupReader({ client, subscriber, prefix, feed, board, most })
      reader.start()
      this.#readings.set(board, { reader, most, stop: lifecycle.onClose('reader', () => reader.stop()) })
    }
    return new Map([...this.#readings].map(([name, { reader }]) => [name, reader]))
  }

  async stop(): Promise<void> {
    for (const { stop } of this.#readings.values()) await stop()
  }
}
