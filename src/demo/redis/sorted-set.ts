/** A Redis sorted set: by score, then by the member's bytes. Sorted when it is read: boards are small. */
export class SortedSet {
  readonly #scores = new Map<string, number>()
  #sorted: readonly (readonly [member: string, score: number])[] | undefined

  get size(): number {
    return this.#scores.size
  }

  get(member: string): number | undefined {
    return this.#scores.get(member)
  }

  /** Whether the member is new. */
  set(member: string, score: number): boolean {
    const isNew = !this.#scores.has(member)
    this.#scores.set(member, score)
    this.#sorted = undefined
    return isNew
  }

  delete(member: string): boolean {
    this.#sorted = undefined
    return this.#scores.delete(member)
  }

  /** Lowest first. */
  inOrder(): readonly (readonly [member: string, score: number])[] {
    this.#sorted ??= [...this.#scores].sort(([a, x], [b, y]) => x - y || (a < b ? -1 : 1))
    return this.#sorted
  }
}
