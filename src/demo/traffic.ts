/** What the readers and writers of a small site do next, by chance. Pure: chance and articles come as arguments. */

export type Change =
  | { readonly kind: 'like'; readonly id: number; readonly likes: number }
  /** `likes` is negative. */
  | { readonly kind: 'unlike'; readonly id: number; readonly likes: number }
  | { readonly kind: 'publish'; readonly likes: number }
  | { readonly kind: 'delete'; readonly id: number }

/** From 0 up to, but without, 1. */
export type Chance = () => number

/** As many articles at the top get most of the attention: some more than the board shows. */
const popular = 16

/** `articles`: likes by id. Articles that are gone by the time do no harm: the statement then finds no row. */
export const nextChange = (articles: ReadonlyMap<number, number>, chance: Chance): Change => {
  const what = chance()
  if (what < 0.05 || articles.size === 0) return { kind: 'publish', likes: publishedLikes(articles, chance) }
  const id = pick(articles, chance)
  const likes = articles.get(id) ?? 0
  if (what < 0.08) return { kind: 'delete', id }
  if (what < 0.3 && likes > 0) return { kind: 'unlike', id, likes: -Math.min(likes, upTo(12, chance)) }
  return { kind: 'like', id, likes: upTo(12, chance) }
}

/** Most new articles begin low; one in five comes from elsewhere with its likes, and goes straight to the board. */
const publishedLikes = (articles: ReadonlyMap<number, number>, chance: Chance): number =>
  chance() < 0.2 ? Math.floor(Math.max(0, ...articles.values()) * (0.3 + 0.6 * chance())) : upTo(20, chance)

const upTo = (most: number, chance: Chance): number => 1 + Math.floor(chance() * most)

const pick = (articles: ReadonlyMap<number, number>, chance: Chance): number => {
  const ids = [...articles.keys()]
  const from =
    chance() < 0.7 ? ids.sort((a, b) => (articles.get(b) ?? 0) - (articles.get(a) ?? 0)).slice(0, popular) : ids
  return from[Math.floor(chance() * from.length)] ?? 0
}

/** One line about a change. */
export const sayChange = (change: Change, id: number): string => {
  switch (change.kind) {
    case 'like':
    case 'unlike':
      return `${change.likes > 0 ? '+' : '−'}${Math.abs(change.likes)} likes for article ${id}`
    case 'publish':
      return `article ${id} is new, with ${change.likes} likes`
    case 'delete':
      return `article ${id} is deleted`
  }
}
