/** Which article is read next, by chance. Pure but for what it remembers: chance and articles come as arguments. */
import type { Chance } from './traffic.js'

/** As many articles are talked about at a time, the first ones most. */
const talkedOf = 14

/** Reads of what is talked about, among all reads. */
const share = 0.85

/** How much more the first of them is read than the last. */
const slope = 1.4

/** How often the talk turns to another article: once in so many reads. */
const turn = 400

export class Attention {
  readonly #talk: number[] = []

  /** `articles`: those that are there, by id. Undefined: there are none. */
  next(articles: ReadonlyMap<number, unknown>, chance: Chance): number | undefined {
    if (articles.size === 0) return undefined
    while (this.#talk.length < talkedOf) this.#talk.push(anyOf(articles, chance))
    if (chance() * turn < 1) this.#talk[Math.floor(chance() * talkedOf)] = anyOf(articles, chance)
    if (chance() >= share) return anyOf(articles, chance)
    const place = Math.floor(talkedOf * chance() ** slope)
    const id = this.#talk[place]
    if (id !== undefined && articles.has(id)) return id
    // It was deleted: something else is talked about.
    const other = anyOf(articles, chance)
    this.#talk[place] = other
    return other
  }
}

const anyOf = (articles: ReadonlyMap<number, unknown>, chance: Chance): number => {
  const place = Math.floor(chance() * articles.size)
  let passed = 0
  for (const id of articles.keys()) if (passed++ === place) return id
  return 0
}
