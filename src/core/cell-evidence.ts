/** What was seen of one cell of a board that is not cleared: the rules are those of `BoardComparison`. Pure. */
export class Evidence {
  rounds = 0
  readonly member: string
  readonly cell: string
  redis: string | undefined
  table: string | undefined
  #redisStands = true
  #tableStands = true
  #rises = true
  #falls = true
  #outside = true

  constructor(member: string, cell: string) {
    this.member = member
    this.cell = cell
  }

  /** A round in which no look at Redis showed what the table showed. */
  add(before: string, reads: readonly string[], after: string): void {
    this.rounds += 1
    for (const value of reads) {
      this.#redisStands &&= value === (this.redis ?? value)
      this.#outside &&= isOutside(Number(value), Number(before), Number(after))
      this.redis = value
    }
    for (const value of [before, after]) {
      const last = this.table ?? value
      this.#tableStands &&= value === last
      this.#rises &&= Number(value) >= Number(last)
      this.#falls &&= Number(value) <= Number(last)
      this.table = value
    }
  }

  get differs(): boolean {
    return this.#redisStands || this.#tableStands || (this.#outside && (this.#rises || this.#falls))
  }
}

/** False where one of them is no number. */
const isOutside = (value: number, one: number, other: number): boolean =>
  value < Math.min(one, other) || value > Math.max(one, other)
