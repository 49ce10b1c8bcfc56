/** How the members of a board have moved lately. */

export type Movement = 'new' | 'same' | { readonly by: number }

/** Movement is that of the last so many ms: long enough to be seen. */
const shownFor = 3_000

export class Ranks {
  #history: { readonly at: number; readonly ranks: ReadonlyMap<number, number> }[] = []

  /** What the board is at this time, ms; times must not go back. `ids`: best first. */
  add(at: number, ids: readonly number[]): void {
    this.#history.push({ at, ranks: new Map(ids.map((id, rank) => [id, rank])) })
    // One that is older than what is shown stays: it is what is compared with.
    while ((this.#history[1]?.at ?? at) <= at - shownFor) this.#history.shift()
  }

  /** `by`: places up (positive) or down (negative). */
  movementOf(id: number): Movement {
    const then = this.#history[0]?.ranks.get(id)
    const now = this.#history.at(-1)?.ranks.get(id)
    if (then === undefined) return 'new'
    return now === undefined || now === then ? 'same' : { by: then - now }
  }
}
