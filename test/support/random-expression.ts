// Random expressions as text, over columns of every kind: all operators and functions, NULLs, odd and huge numbers.
import type { ColumnType, TableShape } from '../../src/core/table.js'
import type { Draws } from './draws.js'

const numberKinds: readonly ColumnType['kind'][] = ['integer', 'decimal', 'double', 'bit', 'year']
const textKinds: readonly ColumnType['kind'][] = ['text', 'enum', 'set']

export class RandomExpression {
  readonly #draws: Draws
  readonly #numbers: readonly string[]
  readonly #texts: readonly string[]
  readonly #all: readonly string[]
  /** Literals: the values of the rows, so that comparisons meet. */
  readonly #literals: { readonly numbers: readonly string[]; readonly texts: readonly string[] }

  constructor(
    draws: Draws,
    table: TableShape,
    literals: { readonly numbers: readonly string[]; readonly texts: readonly string[] },
  ) {
    this.#draws = draws
    const named = (kinds: readonly ColumnType['kind'][]) =>
      table.columns.filter(({ type }) => kinds.includes(type.kind)).map(({ name }) => `\`${name}\``)
    this.#numbers = named(numberKinds)
    this.#texts = named(textKinds)
    this.#all = table.columns.map(({ name }) => `\`${name}\``)
    this.#literals = literals
  }

  number(depth: number): string {
    const number = () => this.number(depth - 1)
    if (depth <= 0) return this.#pick(this.#draws.below(3) === 0 ? this.#literals.numbers : this.#numbers)
    switch (this.#draws.below(9)) {
      case 0:
        return `-(${number()})`
      case 1:
        return `abs(${number()})`
      case 2:
        return `min(${number()}, ${number()}, ${number()})`
      case 3:
        return `max(${number()}, ${number()})`
      case 4:
        return `coalesce(${number()}, null, ${number()})`
      default:
        return `(${number()}) ${this.#pick(['+', '-', '*', '/'])} (${number()})`
    }
  }

  text(depth: number): string {
    if (depth > 0 && this.#draws.below(4) === 0) return `coalesce(${this.text(depth - 1)}, ${this.text(depth - 1)})`
    if (this.#draws.below(3) > 0) return this.#pick(this.#texts)
    return `'${this.#pick(this.#literals.texts).replaceAll("'", "''")}'`
  }

  condition(depth: number): string {
    const condition = () => this.condition(depth - 1)
    if (depth > 0)
      switch (this.#draws.below(6)) {
        case 0:
          return `not (${condition()})`
        case 1:
          return `coalesce(${condition()}, ${this.#pick(['true', 'false', 'null'])})`
        case 2:
        case 3:
          return `(${condition()}) and (${condition()})`
        case 4:
          return `(${condition()}) or (${condition()})`
        default:
          break
      }
    return this.#comparison()
  }

  #comparison(): string {
    const operator = this.#pick(['=', '<>', '<', '<=', '>', '>='])
    switch (this.#draws.below(8)) {
      case 0:
        return `${this.#pick(this.#all)} is ${this.#pick(['null', 'not null'])}`
      case 1:
        return `${this.number(1)} is null`
      case 2:
        return `${this.text(0)} ${this.#pick(['in', 'not in'])} (${this.text(0)}, ${this.text(0)})`
      case 3:
      case 4:
        return `${this.text(1)} ${operator} ${this.text(1)}`
      case 5:
        return `${this.number(0)} ${this.#pick(['between', 'not between'])} ${this.number(0)} and ${this.number(1)}`
      default:
        return `${this.number(this.#draws.below(3))} ${operator} ${this.number(this.#draws.below(2))}`
    }
  }

  #pick(from: readonly string[]): string {
    return from[this.#draws.below(from.length)] ?? ''
  }
}
