/**
 * From text to a tree with places, by precedence climbing: `or`, `and`, `not`, comparisons, `+ -`, `* /`, unary `-`,
 * from loose to tight. Functions are checked here; columns and types need the table (expression-types.ts).
 *
 * Memory and time: linear in the text, which has at most 4,000 characters, 50 levels and 200 terms in a row.
 */
import { isComparison } from './expression.js'
import { ExpressionFault } from './expression-fault.js'
import { expressionFunctions, functionNamed } from './expression-functions.js'
import { type Token, tokensOf } from './expression-lexer.js'
import { nearestName } from './nearest-name.js'

/** `at` and `end` enclose what a message points at: a leaf itself, of a call its operator or name. */
export type Syntax = { readonly at: number; readonly end: number } & (
  | { readonly kind: 'column'; readonly name: string }
  | { readonly kind: 'number' | 'text'; readonly text: string }
  | { readonly kind: 'boolean'; readonly value: boolean }
  | { readonly kind: 'null' }
  | { readonly kind: 'call'; readonly name: string; readonly args: readonly Syntax[] }
)

const [mostCharacters, mostLevels, mostTerms] = [4_000, 50, 200]

/** Names that have to be quoted. */
export const keywords: ReadonlySet<string> = new Set(
  'and or not is null in between true false like case when then else end div mod xor'.split(' '),
)

/** How tightly an infix operator holds its operands. */
const levels: Readonly<Record<string, number>> = {
  or: 1,
  and: 2,
  '=': 4,
  '<>': 4,
  '!=': 4,
  '<': 4,
  '<=': 4,
  '>': 4,
  '>=': 4,
  is: 4,
  in: 4,
  between: 4,
  not: 4,
  '+': 5,
  '-': 5,
  '*': 6,
  '/': 6,
}
const [notLevel, comparisonLevel, minusLevel] = [3, 4, 7]

const operandsAllowed = "a column, a number, a 'text', true, false, null, a function, not, - or ("
const operatorsAllowed = '+ - * / = <> < <= > >= and, or, is null, in, between'

/** Throws an ExpressionFault. */
export const parseExpression = (source: string): Syntax => {
  if (source.length > mostCharacters)
    throw new ExpressionFault(mostCharacters, source.length, `an expression has at most ${mostCharacters} characters`)
  const parser = new Parser(tokensOf(source))
  const tree = parser.expression(0)
  parser.finish()
  return tree
}

/** The columns that it names, each once. */
export const columnNamesIn = (syntax: Syntax): readonly string[] => {
  if (syntax.kind === 'column') return [syntax.name]
  return syntax.kind === 'call' ? [...new Set(syntax.args.flatMap(columnNamesIn))] : []
}

class Parser {
  readonly #tokens: readonly Token[]
  #next = 0
  #depth = 0
  /** What may stand in the place of an operator, innermost last. */
  readonly #closers: string[] = ['the end']

  constructor(tokens: readonly Token[]) {
    this.#tokens = tokens
  }

  finish(): void {
    if (this.#peek.kind !== 'end') this.#refuseOperator()
  }

  expression(level: number): Syntax {
    this.#depth += 1
    if (this.#depth > mostLevels)
      throw new ExpressionFault(this.#peek.at, this.#peek.end, `an expression has at most ${mostLevels} levels`)
    let left = this.#operand()
    for (let terms = 1; ; terms++) {
      const infix = this.#infix()
      if (infix === undefined || infix <= level) break
      if (terms === mostTerms && infix > comparisonLevel)
        throw new ExpressionFault(
          this.#peek.at,
          this.#peek.end,
          `an expression has at most ${mostTerms} terms in a row`,
        )
      left = this.#combined(left, infix)
    }
    this.#depth -= 1
    return left
  }

  get #peek(): Token {
    const token = this.#tokens[Math.min(this.#next, this.#tokens.length - 1)]
    return token ?? { kind: 'end', at: 0, end: 0, text: '' }
  }

  #take(): Token {
    const token = this.#peek
    this.#next += 1
    return token
  }

  /** The token as a keyword or operator; undefined if it is neither. */
  #word(token = this.#peek): string | undefined {
    if (token.kind === 'operator') return token.text
    if (token.kind !== 'name' || token.quoted) return undefined
    const word = token.text.toLowerCase()
    return keywords.has(word) ? word : undefined
  }

  #accept(word: string): boolean {
    if (this.#word() !== word) return false
    this.#next += 1
    return true
  }

  #expect(word: string, allowed = word): Token {
    if (this.#word() === word) return this.#take()
    throw this.#unexpected(`allowed here: ${allowed}`)
  }

  #unexpected(allowed: string): ExpressionFault {
    const { kind, at, end } = this.#peek
    return new ExpressionFault(at, end, kind === 'end' ? `it ends too early; ${allowed}` : allowed)
  }

  #infix(): number | undefined {
    const word = this.#word()
    return word === undefined || !Object.hasOwn(levels, word) ? undefined : levels[word]
  }

  #refuseOperator(): never {
    throw this.#unexpected(`allowed here: ${operatorsAllowed} or ${this.#closers.at(-1)}`)
  }

  #operand(): Syntax {
    const token = this.#take()
    const { at, end, text } = token
    if (token.kind === 'number' || token.kind === 'text') return { kind: token.kind, at, end, text }
    const word = this.#word(token)
    if (word === '(') return this.#enclosed()
    if (word === '-') return this.#negative(token)
    if (word === 'not') return { kind: 'call', name: 'not', at, end, args: [this.expression(notLevel)] }
    if (word === 'true' || word === 'false') return { kind: 'boolean', at, end, value: word === 'true' }
    if (word === 'null') return { kind: 'null', at, end }
    if (token.kind === 'name' && word === undefined) return this.#named(token)
    this.#next -= 1
    if (token.kind === 'name')
      throw this.#unexpected(
        `allowed here: ${operandsAllowed}; a column of that name stands in backquotes: \`${text}\``,
      )
    throw this.#unexpected(`allowed here: ${operandsAllowed}`)
  }

  #enclosed(): Syntax {
    this.#closers.push(')')
    const inside = this.expression(0)
    if (this.#word() !== ')') this.#refuseOperator()
    this.#next += 1
    this.#closers.pop()
    return inside
  }

  /** A number with its sign is one number, so that it compares exactly. */
  #negative({ at, end }: Token): Syntax {
    const number = this.#peek
    if (number.kind === 'number') {
      this.#next += 1
      return { kind: 'number', at, end: number.end, text: `-${number.text}` }
    }
    return { kind: 'call', name: 'negate', at, end, args: [this.expression(minusLevel)] }
  }

  #named(token: Token): Syntax {
    const { at, end, text } = token
    if (this.#word() !== '(' || (token.kind === 'name' && token.quoted)) return { kind: 'column', at, end, name: text }
    const name = text.toLowerCase()
    const known = /^[a-z]/.test(name) && name !== 'negate' ? functionNamed(name) : undefined
    if (known === undefined) throw noFunction(token, name)
    const args = this.#list()
    if (args.length >= known.least && args.length <= known.mostArgs) return { kind: 'call', name, at, end, args }
    const count = known.least === known.mostArgs ? `${known.least}` : `${known.least} to ${known.mostArgs}`
    throw new ExpressionFault(at, end, `${name} takes ${count} argument${count === '1' ? '' : 's'}, not ${args.length}`)
  }

  /** `(a, b, …)`, at least one. */
  #list(): readonly Syntax[] {
    this.#expect('(')
    this.#closers.push('a comma or )')
    const items: Syntax[] = []
    do items.push(this.expression(0))
    while (this.#accept(','))
    if (this.#word() !== ')') this.#refuseOperator()
    this.#next += 1
    this.#closers.pop()
    return items
  }

  #combined(left: Syntax, level: number): Syntax {
    const token = this.#take()
    const { at, end } = token
    const word = this.#word(token) ?? ''
    if (level === comparisonLevel) return this.#onlyOne(this.#comparison(left, token, word))
    const right = this.expression(level)
    // `a and b and c` is one connective of three: deep chains stay flat.
    const flat = (word === 'and' || word === 'or') && left.kind === 'call' && left.name === word
    return { kind: 'call', name: word, at, end, args: flat ? [...left.args, right] : [left, right] }
  }

  #onlyOne(comparison: Syntax): Syntax {
    if (this.#infix() !== comparisonLevel) return comparison
    throw this.#unexpected('comparisons do not chain: write a < b and b < c')
  }

  #comparison(left: Syntax, token: Token, word: string): Syntax {
    const { at, end } = token
    const call = (name: string, ...args: readonly Syntax[]): Syntax => ({ kind: 'call', name, at, end, args })
    switch (word) {
      case 'is': {
        const negated = this.#accept('not')
        this.#expect('null', negated ? 'null' : 'null or not null')
        return negated ? call('not', call('is null', left)) : call('is null', left)
      }
      case 'not': {
        const inner = this.#word()
        if (inner !== 'in' && inner !== 'between') throw this.#unexpected('allowed here: in or between')
        return call('not', this.#comparison(left, this.#take(), inner))
      }
      case 'in': {
        const items = this.#list().map((item) => call('=', left, item))
        return items.length === 1 && items[0] !== undefined ? items[0] : call('or', ...items)
      }
      case 'between': {
        const low = this.expression(comparisonLevel)
        this.#expect('and')
        return call('and', call('>=', left, low), call('<=', left, this.expression(comparisonLevel)))
      }
      default: {
        const name = word === '!=' ? '<>' : word
        if (!isComparison(name)) throw new ExpressionFault(at, end, `allowed here: ${operatorsAllowed}`)
        return call(name, left, this.expression(comparisonLevel))
      }
    }
  }
}

const functionNames = Object.keys(expressionFunctions).filter((name) => /^[a-z]/.test(name) && name !== 'negate')

const noFunction = ({ at, end }: Token, name: string): ExpressionFault => {
  const near = nearestName(name, functionNames)
  const hint = near === undefined ? '' : `did you mean ${near}? `
  return new ExpressionFault(at, end, `there is no function ${name}; ${hint}allowed: ${functionNames.join(', ')}`)
}
