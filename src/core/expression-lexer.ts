/** The words of an expression, each with its place in the text. */
import { ExpressionFault } from './expression-fault.js'

export type Token = { readonly at: number; readonly end: number } & (
  | { readonly kind: 'number' | 'text' | 'operator' }
  /** A column, or what its place makes of it: a keyword or the name of a function. `quoted`: a column only. */
  | { readonly kind: 'name'; readonly quoted: boolean }
  | { readonly kind: 'end' }
) & {
    /** A number as written, a text without its quotes, a name as written, an operator. */
    readonly text: string
  }

const numberPattern = /(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?/y
const namePattern = /[0-9A-Za-z$_\u0080-\uffff]+/y
const operatorPattern = /<>|!=|<=|>=|[-+*/=<>(),]/y

/** What is written by habit from another language, and what it is here. */
const habits: readonly (readonly [string, string])[] = [
  ['==', '='],
  ['&&', 'and'],
  ['||', 'or'],
  ['!', 'not'],
]

const matchAt = (pattern: RegExp, source: string, at: number): string | undefined => {
  pattern.lastIndex = at
  return pattern.exec(source)?.[0]
}

export const tokensOf = (source: string): readonly Token[] => {
  const tokens: Token[] = []
  let at = 0
  for (;;) {
    while (/\s/.test(source[at] ?? '')) at++
    if (at >= source.length) break
    const token = tokenAt(source, at)
    tokens.push(token)
    at = token.end
  }
  tokens.push({ kind: 'end', at: source.length, end: source.length, text: '' })
  return tokens
}

const tokenAt = (source: string, at: number): Token => {
  const char = source[at] ?? ''
  if (char === "'") return quotedAt(source, at, 'text')
  if (char === '`') return quotedAt(source, at, 'name')
  if (char === '"')
    throw new ExpressionFault(at, at + 1, 'a text stands in single quotes, a column in backquotes or none')
  const number = matchAt(numberPattern, source, at)
  const name = matchAt(namePattern, source, at)
  // `2nd` is a column; `2` and `2e3` are numbers.
  if (number !== undefined && number.length >= (name?.length ?? 0)) return numberAt(at, number)
  if (name !== undefined) return { kind: 'name', quoted: false, at, end: at + name.length, text: name }
  const habit = habits.find(([written]) => source.startsWith(written, at) && !source.startsWith('!=', at))
  if (habit !== undefined) throw new ExpressionFault(at, at + habit[0].length, `did you mean ${habit[1]}?`)
  const operator = matchAt(operatorPattern, source, at)
  if (operator !== undefined) return { kind: 'operator', at, end: at + operator.length, text: operator }
  throw new ExpressionFault(at, at + 1, 'this character has no meaning here')
}

/** Beyond this SQL would round a number that is written out; with an exponent both sides round to the nearest double. */
const [mostDigits, mostDecimals] = [65, 30]

const numberAt = (at: number, text: string): Token => {
  const end = at + text.length
  const [, whole = '', decimals = ''] = /^(\d*)\.?(\d*)$/.exec(text) ?? []
  if (whole.length + decimals.length > mostDigits || decimals.length > mostDecimals)
    throw new ExpressionFault(at, end, `a number has at most ${mostDigits} digits, ${mostDecimals} of them decimals`)
  if (!Number.isFinite(Number(text))) throw new ExpressionFault(at, end, 'this number is too large for a double')
  return { kind: 'number', at, end, text }
}

/** A quote inside is written twice. */
const quotedAt = (source: string, at: number, kind: 'text' | 'name'): Token => {
  const quote = source[at] ?? ''
  let text = ''
  for (let i = at + 1; i < source.length; i++) {
    if (source[i] !== quote) text += source[i]
    else if (source[i + 1] === quote) text += source[i++]
    else return finished(kind, at, i + 1, text)
  }
  throw new ExpressionFault(at, at + 1, `the closing ${quote} is missing`)
}

const finished = (kind: 'text' | 'name', at: number, end: number, text: string): Token => {
  // A half of a surrogate pair has no UTF-8: no row can hold it.
  if (/\p{Surrogate}/u.test(text)) throw new ExpressionFault(at, end, 'this is not well-formed Unicode')
  if (kind === 'text') return { kind, at, end, text }
  if (text === '') throw new ExpressionFault(at, end, 'a column name is needed between the backquotes')
  return { kind, quoted: true, at, end, text }
}
