/**
 * The registries of split boards: which groups each has, and in which versions their owner vouches for them.
 *
 * Guarantees: a change is made only by the owner whose epoch is stored with the split board, and each call is one or more
 * changes that can be made again. A call that fails has an unknown outcome. Memory: that of the calls under way.
 */
import { RanktideError } from '../core/errors.js'
import type { Positions } from '../core/positions.js'
import type { OwnedSplit, Registry, Vouching } from '../operators/ports.js'
import { numbersText, parseNumbersText, wholeNumber } from './board-reply.js'
import { chunksOf } from './chunks.js'
import type { RedisClient } from './client.js'
import { splitKeys } from './keys.js'
import { readRegistry } from './read-registry.js'
import { malformed } from './script-reply.js'

interface RegistryStoreOptions {
  readonly client: RedisClient
  readonly prefix: string
  /** As for boards. */
  readonly owner: () => string
  /** Key of the meta of a board. */
  readonly metaOf: (board: string) => string
}

/** Groups that one call names: it ends well within its deadline. */
const groupsPerCall = 2_000

export class RegistryStore {
  readonly #options: RegistryStoreOptions

  constructor(options: RegistryStoreOptions) {
    this.#options = options
  }

  async registered(board: string): Promise<Registry> {
    const { client, prefix, metaOf } = this.#options
    const groups = await readRegistry(client, splitKeys(prefix, board).registry)
    const meta = metaOf(board)
    const [vouched, removedAt] = await client.call((redis) => redis.hmget(meta, 'vouched', 'removed_at'))
    return {
      groups,
      vouched: wholeNumber(vouched ?? undefined) ?? 0,
      removedAt: parseNumbersText(removedAt ?? undefined) ?? new Map(),
    }
  }

  async register(split: OwnedSplit, values: readonly string[]): Promise<boolean> {
    for (const chunk of chunksOf(values, groupsPerCall)) {
      const pairs = chunk.flatMap((value) => [value, ''])
      if (!(await this.#change(split, ['', '', chunk.length, 0, '', ...pairs]))) return false
    }
    return true
  }

  async vouch(split: OwnedSplit, { versions, number, after }: Vouching): Promise<boolean> {
    // Also where there is nothing to be written: whether the vouching before is there still has to be told.
    const chunks = versions.size === 0 ? [[]] : chunksOf([...versions], groupsPerCall)
    for (const [i, chunk] of chunks.entries()) {
      const named = i === chunks.length - 1 ? [number, after ?? ''] : ['', '']
      if (!(await this.#change(split, [...named, chunk.length, 0, '', ...chunk.flat()]))) return false
    }
    return true
  }

  async unregister(
    split: OwnedSplit,
    values: readonly string[],
    positions: Positions,
    numbers?: Pick<Vouching, 'number' | 'after'>,
  ): Promise<boolean> {
    const at = numbersText(positions)
    const chunks = chunksOf(values, groupsPerCall)
    for (const [i, chunk] of chunks.entries()) {
      const named = i === chunks.length - 1 && numbers !== undefined ? [numbers.number, numbers.after ?? ''] : ['', '']
      if (!(await this.#change(split, [...named, 0, chunk.length, at, ...chunk]))) return false
    }
    return true
  }

  /** `rest`: as registry.lua's header has it from the third argument on. */
  async #change({ board, epoch }: OwnedSplit, rest: readonly (string | number)[]): Promise<boolean> {
    const { client, prefix, metaOf } = this.#options
    const { registry } = splitKeys(prefix, board)
    const meta = metaOf(board)
    const owner = this.#options.owner()
    const reply = await client.call((redis) => redis.ranktideRegistry(registry, meta, epoch, owner, ...rest))
    if (reply === 'fenced') throw new RanktideError('LEASE_LOST', `board ${board}`)
    if (reply !== 'done' && reply !== 'lost') throw malformed('registry')
    return reply === 'done'
  }
}
