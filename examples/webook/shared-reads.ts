/**
 * One question an item at a time: who asks for an item that is being read waits for that answer. What a crowd asks for
 * at once is asked once, with a cache behind it or without.
 *
 * An answer may be as old as the question that it was shared from, never older. Failures are shared too, and not kept.
 * Memory: the items being read.
 */
import { type Counts, type CountsSource, noCounts } from './item.js'

export class SharedReads implements CountsSource {
  readonly #source: CountsSource
  readonly #reading = new Map<string, Promise<ReadonlyMap<string, Counts>>>()

  constructor(source: CountsSource) {
    this.#source = source
  }

  async read(biz: string, ids: readonly string[]): Promise<ReadonlyMap<string, Counts>> {
    const keyOf = (id: string): string => `${biz}:${id}`
    const asked = ids.filter((id) => !this.#reading.has(keyOf(id)))
    if (asked.length > 0) {
      const answer = this.#source.read(biz, asked)
      for (const id of asked) this.#reading.set(keyOf(id), answer)
      const forget = (): void => {
        for (const id of asked) this.#reading.delete(keyOf(id))
      }
      answer.then(forget, forget)
    }
    const answers = ids.map(async (id): Promise<[string, Counts]> => {
      const found = await this.#reading.get(keyOf(id))
      return [id, found?.get(id) ?? noCounts]
    })
    return new Map(await Promise.all(answers))
  }
}
