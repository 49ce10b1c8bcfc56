/**
 * From a tree of names to one of columns whose types fit. Every refusal says what stands there and what would be
 * allowed, at the place in the text.
 *
 * Dates, times, bytes, FLOAT and text that a CDC tool cannot carry have no value here: the stream and SQL would not
 * agree on it. Whether they are NULL can be asked of every column.
 */
import { columnsOf, type Expression, type ExpressionType, isComparison } from './expression.js'
import { ExpressionFault } from './expression-fault.js'
import { functionNamed, largestResult } from './expression-functions.js'
import type { Syntax } from './expression-parser.js'
import { rangeOf } from './expression-range.js'
import { nearestName } from './nearest-name.js'
import type { ColumnType } from './table.js'

/** A column as an expression may name it. Its position in the list is the one that the expression gets. */
export interface NamedColumn {
  readonly name: string
  /** Undefined: of a type that no board can show. */
  readonly type: ColumnType | undefined
}

interface Typed {
  readonly expression: Expression
  readonly type: ExpressionType
}

const nounOf: Readonly<Record<ExpressionType, string>> = {
  number: 'a number',
  text: 'a text',
  boolean: 'a condition',
  null: 'null',
}

/** A score: a number that depends on the row. Throws an ExpressionFault. */
export const resolveScore = (syntax: Syntax, columns: readonly NamedColumn[]): Expression => {
  const { expression, type } = new Resolver(columns).resolve(syntax)
  if (type !== 'number')
    throw new ExpressionFault(syntax.at, syntax.end, `a score is a number, this is ${nounOf[type]}`)
  if (columnsOf(expression).length === 0)
    throw new ExpressionFault(syntax.at, syntax.end, 'a score depends on a column')
  return expression
}

/** A filter: a condition. Throws an ExpressionFault. */
export const resolveCondition = (syntax: Syntax, columns: readonly NamedColumn[]): Expression =>
  new Resolver(columns).condition(syntax)

class Resolver {
  readonly #columns: readonly NamedColumn[]

  constructor(columns: readonly NamedColumn[]) {
    this.#columns = columns
  }

  condition(syntax: Syntax): Expression {
    const { expression, type } = this.resolve(syntax)
    if (type === 'boolean' || type === 'null') return expression
    const written = syntax.kind === 'column' ? syntax.name : '…'
    const hint = type === 'number' ? `, such as ${written} = 1` : ", such as status = 'on'"
    throw new ExpressionFault(syntax.at, syntax.end, `a condition is needed here${hint}; this is ${nounOf[type]}`)
  }

  resolve(syntax: Syntax): Typed {
    switch (syntax.kind) {
      case 'column':
        return this.#column(syntax.name, syntax)
      case 'number':
      case 'text':
        return { expression: { kind: syntax.kind, text: syntax.text }, type: syntax.kind }
      case 'boolean':
        return { expression: { kind: 'boolean', value: syntax.value }, type: 'boolean' }
      case 'null':
        return { expression: { kind: 'null' }, type: 'null' }
      case 'call':
        return this.#call(syntax)
    }
  }

  #call(syntax: Syntax & { readonly kind: 'call' }): Typed {
    const { name, args } = syntax
    if (name === 'is null') return condition(name, [this.#nullable(args[0] ?? syntax)])
    if (name === 'and' || name === 'or' || name === 'not') {
      return condition(
        name,
        args.map((arg) => this.condition(arg)),
      )
    }
    if (isComparison(name)) return this.#comparison(syntax)
    return functionNamed(name)?.takes === 'same' ? this.#choice(syntax) : this.#number(syntax)
  }

  #number({ name, args, at, end }: Syntax & { readonly kind: 'call' }): Typed {
    const operands = args.map((arg) => {
      const { expression, type } = this.resolve(arg)
      if (type === 'number' || type === 'null') return expression
      throw new ExpressionFault(arg.at, arg.end, `a number is needed here, this is ${nounOf[type]}`)
    })
    const expression: Expression = { kind: 'call', name, args: operands }
    const { most, error } = rangeOf(expression, (column) => this.#columns[column]?.type)
    if (most > largestResult || error === Number.POSITIVE_INFINITY)
      throw new ExpressionFault(at, end, `this can grow past ${largestResult}, where SQL fails; allowed: fewer factors`)
    return { expression, type: 'number' }
  }

  #choice({ name, args }: Syntax & { readonly kind: 'call' }): Typed {
    const choices = args.map((arg) => ({ ...this.resolve(arg), arg }))
    const type = choices.find((choice) => choice.type !== 'null')?.type ?? 'null'
    for (const choice of choices) {
      if (choice.type === type || choice.type === 'null') continue
      const { at, end } = choice.arg
      throw new ExpressionFault(at, end, `${nounOf[type]} is needed here, as before; this is ${nounOf[choice.type]}`)
    }
    return { expression: { kind: 'call', name, args: choices.map(({ expression }) => expression) }, type }
  }

  #comparison({ name, args, at, end }: Syntax & { readonly kind: 'call' }): Typed {
    const [left, right] = args
    if (left === undefined || right === undefined) throw new ExpressionFault(at, end, 'two operands are needed')
    for (const side of [left, right])
      if (side.kind === 'null')
        throw new ExpressionFault(side.at, side.end, 'nothing compares with null; allowed: is null, is not null')
    const [a, b] = [this.resolve(left), this.resolve(right)]
    for (const [side, typed] of [
      [left, a],
      [right, b],
    ] as const)
      if (typed.type === 'boolean')
        throw new ExpressionFault(side.at, side.end, 'a number or a text is needed here, this is a condition')
    if (a.type !== b.type && a.type !== 'null' && b.type !== 'null')
      throw new ExpressionFault(at, end, `this compares ${nounOf[a.type]} with ${nounOf[b.type]}`)
    return condition(name, [a.expression, b.expression])
  }

  #column(name: string, place: Syntax): Typed {
    const { column, type } = this.#find(name, place)
    const why = refusal(type)
    if (why === undefined) return { expression: { kind: 'column', column }, type: isNumber(type) ? 'number' : 'text' }
    throw new ExpressionFault(place.at, place.end, `${why}; allowed of this column: is null, is not null`)
  }

  #nullable(syntax: Syntax): Expression {
    if (syntax.kind !== 'column') return this.resolve(syntax).expression
    return { kind: 'column', column: this.#find(syntax.name, syntax).column }
  }

  #find(name: string, { at, end }: Syntax): { readonly column: number; readonly type: ColumnType } {
    const column = this.#columns.findIndex((one) => one.name === name)
    const found = this.#columns[column]
    if (found === undefined) throw new ExpressionFault(at, end, `there is no column ${name}; ${this.#hint(name)}`)
    if (found.type === undefined) throw new ExpressionFault(at, end, 'no board can read a column of this type')
    return { column, type: found.type }
  }

  #hint(name: string): string {
    const names = this.#columns.map((column) => column.name)
    const near = nearestName(name, names)
    if (near !== undefined) return `did you mean ${near}?`
    const more = names.length > 10 ? ` and ${names.length - 10} more` : ''
    return `allowed: ${names.slice(0, 10).join(', ')}${more}`
  }
}

const condition = (name: string, args: readonly Expression[]): Typed => ({
  expression: { kind: 'call', name, args },
  type: 'boolean',
})

const isNumber = ({ kind }: ColumnType): boolean =>
  kind === 'integer' || kind === 'decimal' || kind === 'double' || kind === 'bit' || kind === 'year'

/** Why a column has no value in an expression. */
const refusal = (type: ColumnType): string | undefined => {
  switch (type.kind) {
    case 'bytes':
      return 'bytes are neither a number nor a text'
    case 'float':
      return 'a FLOAT is not the same number in the stream and in SQL (DOUBLE and DECIMAL are)'
    case 'temporal':
      return 'dates and times are not the same in the stream and in SQL, which know different time zones'
    case 'text':
      return type.faithful ? undefined : 'the CDC stream cannot carry the charset of this column faithfully'
    default:
      return undefined
  }
}
