/**
 * Every board that was ever true of the table, in the order of the commits. There is one writer with one statement under
 * way at a time, so that order is known. All times are ms of one monotonic clock.
 *
 * A commit happens at an unknown moment between sending its statement and hearing that it is done. So a board may be seen
 * from the sending on, and is out of date for sure only once the change after it has been answered: whatever is unknown
 * counts in the reader's favour, by the length of one statement.
 */

interface TrueBoard {
  readonly content: string
  /** From when on it may be seen. */
  readonly sentAt: number
  /** When the change that made it was answered; undefined: not yet. */
  committedAt: number | undefined
}

/** Boards that were replaced so long ago are forgotten: what shows one of them is wrong by any rule. */
const remembered = 15 * 60_000

export class TrueHistory {
  readonly #boards: (TrueBoard | undefined)[] = []
  /** Places at which a content was true, ascending: a board may come back. */
  readonly #places = new Map<string, number[]>()
  #oldest = 0

  /** A change is about to be sent that makes the board this one. */
  sent(content: string, at: number): void {
    const last = this.#boards.at(-1)
    if (last?.content === content) return
    const place = this.#boards.push({ content, sentAt: at, committedAt: undefined }) - 1
    this.#places.set(content, [...(this.#places.get(content) ?? []), place])
    this.#forget(at)
  }

  /** The change that was sent last has been answered. */
  committed(at: number): void {
    const last = this.#boards.at(-1)
    if (last !== undefined) last.committedAt ??= at
  }

  /** How many boards there have been. */
  get length(): number {
    return this.#boards.length
  }

  /** The newest one. */
  get content(): string | undefined {
    return this.#boards.at(-1)?.content
  }

  /** The places in the history that had this content and may have been seen by `until`; ascending, empty: never true. */
  placesOf(content: string, until: number): readonly number[] {
    const places = this.#places.get(content) ?? []
    return places.filter((place) => (this.#boards[place]?.sentAt ?? Number.POSITIVE_INFINITY) <= until)
  }

  /** For how long the board at this place had certainly been out of date at a time, ms; 0: it may have been current. */
  behind(place: number, at: number): number {
    const replacedAt = this.#boards[place + 1]?.committedAt
    return replacedAt === undefined ? 0 : Math.max(0, at - replacedAt)
  }

  #forget(now: number): void {
    for (;;) {
      const replacedAt = this.#boards[this.#oldest + 1]?.committedAt
      if (replacedAt === undefined || now - replacedAt <= remembered) return
      const content = this.#boards[this.#oldest]?.content ?? ''
      const left = (this.#places.get(content) ?? []).filter((place) => place !== this.#oldest)
      if (left.length > 0) this.#places.set(content, left)
      else this.#places.delete(content)
      this.#boards[this.#oldest] = undefined
      this.#oldest += 1
    }
  }
}
