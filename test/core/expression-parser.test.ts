// What an expression may be, and where the caret stands under what it may not be.
import { describe, expect, test } from 'vitest'
import { caretsUnder, ExpressionFault } from '../../src/core/expression-fault.js'
import { columnNamesIn, parseExpression, type Syntax } from '../../src/core/expression-parser.js'

/** With parentheses around everything, so that precedence shows. */
const shown = (syntax: Syntax): string => {
  switch (syntax.kind) {
    case 'column':
      return syntax.name
    case 'number':
      return syntax.text
    case 'text':
      return `'${syntax.text}'`
    case 'boolean':
      return String(syntax.value)
    case 'null':
      return 'null'
    case 'call':
      return /^\w{3,}$/.test(syntax.name) && syntax.name !== 'and' && syntax.name !== 'not'
        ? `${syntax.name}(${syntax.args.map(shown).join(', ')})`
        : syntax.args.length === 1
          ? `(${syntax.name} ${syntax.args.map(shown)})`
          : `(${syntax.args.map(shown).join(` ${syntax.name} `)})`
  }
}

/** The source with what is wrong under it, as users see it. */
const refusalOf = (source: string): string => {
  try {
    parseExpression(source)
  } catch (error) {
    if (!(error instanceof ExpressionFault)) throw error
    return `${caretsUnder(source, error, '')}\n${error.sentence}`
  }
  return 'accepted'
}

describe('expressions', () => {
  test.each([
    ['like_cnt', 'like_cnt'],
    ['a + b * c', '(a + (b * c))'],
    ['a - b - c', '((a - b) - c)'],
    ['(a - (b - c)) / 2', '((a - (b - c)) / 2)'],
    ['-a * b', '(negate(a) * b)'],
    ['a - -5', '(a - -5)'],
    ['- 5 * 2', '(-5 * 2)'],
    ['--a', 'negate(negate(a))'],
    ['a*2+b*.5', '((a * 2) + (b * .5))'],
    ['1.5e3 + 7.', '(1.5e3 + 7.)'],
    ["status = 1 AND kind <> 'x' Or not b is null", "(((status = 1) and (kind <> 'x')) or (not (is null b)))"],
    ['a = 1 and b = 2 and c = 3', '((a = 1) and (b = 2) and (c = 3))'],
    ['not a = 1 and b != 2', '((not (a = 1)) and (b <> 2))'],
    ['a is not null', '(not (is null a))'],
    ['a in (1, 2, -3)', '((a = 1) or (a = 2) or (a = -3))'],
    ["kind in ('x')", "(kind = 'x')"],
    ['a not in (1, 2)', '(not ((a = 1) or (a = 2)))'],
    ['a between 1 and b + 1 and c > 0', '((a >= 1) and (a <= (b + 1)) and (c > 0))'],
    ['a not between 1 and 2', '(not ((a >= 1) and (a <= 2)))'],
    ['a + 1 > b * 2', '((a + 1) > (b * 2))'],
    ['coalesce(a, 0) + MAX(a, b, 3)', '(coalesce(a, 0) + max(a, b, 3))'],
    ['abs(-a)', 'abs(negate(a))'],
    ["kind = 'it''s'", "(kind = 'it's')"],
    ['`and` + `a``b` + `min`', '((and + a`b) + min)'],
    ['min + max(min, 1)', '(min + max(min, 1))'],
    ['2nd_score + 热度', '(2nd_score + 热度)'],
    ['TRUE or False or Null', '(true or false or null)'],
    ['\n a\t+\n b ', '(a + b)'],
  ])('%s', (source, expected) => {
    expect(shown(parseExpression(source))).toBe(expected)
  })

  test('columns are named once each', () => {
    expect(columnNamesIn(parseExpression('a + b * a > 3 and `c` is null'))).toEqual(['a', 'b', 'c'])
  })

  const operands = "a column, a number, a 'text', true, false, null, a function, not, - or ("
  const operators = '+ - * / = <> < <= > >= and, or, is null, in, between'

  test.each([
    ['', '\n^', `it ends too early; allowed here: ${operands}`],
    ['a +', 'a +\n   ^', `it ends too early; allowed here: ${operands}`],
    ['a b', 'a b\n  ^', `allowed here: ${operators} or the end`],
    ['a * (b + c', 'a * (b + c\n          ^', `it ends too early; allowed here: ${operators} or )`],
    ['a)', 'a)\n ^', `allowed here: ${operators} or the end`],
    ['max(a b)', 'max(a b)\n      ^', `allowed here: ${operators} or a comma or )`],
    ['max(a,)', 'max(a,)\n      ^', `allowed here: ${operands}`],
    ['a * * b', 'a * * b\n    ^', `allowed here: ${operands}`],
    ['a == 1', 'a == 1\n  ^^', 'did you mean =?'],
    ['a = 1 && b = 2', 'a = 1 && b = 2\n      ^^', 'did you mean and?'],
    ['!a', '!a\n^', 'did you mean not?'],
    ['a % 2', 'a % 2\n  ^', 'this character has no meaning here'],
    ['a < b < c', 'a < b < c\n      ^', 'comparisons do not chain: write a < b and b < c'],
    ['a is 1', 'a is 1\n     ^', 'allowed here: null or not null'],
    ['a not 1', 'a not 1\n      ^', 'allowed here: in or between'],
    ['a between 1 or 2', 'a between 1 or 2\n            ^^', 'allowed here: and'],
    ['a in 1', 'a in 1\n     ^', 'allowed here: ('],
    ["a = 'x", "a = 'x\n    ^", "the closing ' is missing"],
    ['a = "x"', 'a = "x"\n    ^', 'a text stands in single quotes, a column in backquotes or none'],
    ['`` + 1', '`` + 1\n^^', 'a column name is needed between the backquotes'],
    ['a + in', 'a + in\n    ^^', `allowed here: ${operands}; a column of that name stands in backquotes: \`in\``],
    [
      '2 * mxa(a, b)',
      '2 * mxa(a, b)\n    ^^^',
      'there is no function mxa; did you mean max? allowed: abs, min, max, coalesce',
    ],
    ['now()', 'now()\n^^^', 'there is no function now; allowed: abs, min, max, coalesce'],
    ['negate(a)', 'negate(a)\n^^^^^^', 'there is no function negate; allowed: abs, min, max, coalesce'],
    [
      'constructor(a)',
      'constructor(a)\n^^^^^^^^^^^',
      'there is no function constructor; allowed: abs, min, max, coalesce',
    ],
    ['abs(a, b)', 'abs(a, b)\n^^^', 'abs takes 1 argument, not 2'],
    ['max(a)', 'max(a)\n^^^', 'max takes 2 to 20 arguments, not 1'],
    ['a > 1e999', 'a > 1e999\n    ^^^^^', 'this number is too large for a double'],
    ["热 = '度' x", "热 = '度' x\n          ^", `allowed here: ${operators} or the end`],
    ['a +\n  b c\n+ d', '  b c\n    ^', `allowed here: ${operators} or the end`],
  ])('%j is refused', (source, marked, sentence) => {
    expect(refusalOf(source)).toBe(`${marked}\n${sentence}`)
  })

  test('numbers that SQL would round are refused, with an exponent they are doubles', () => {
    expect(refusalOf(`a > 0.${'1'.repeat(31)}`)).toContain('a number has at most 65 digits, 30 of them decimals')
    expect(refusalOf(`a > ${'1'.repeat(66)}`)).toContain('a number has at most 65 digits')
    expect(refusalOf(`a > ${'1'.repeat(66)}e0`)).toBe('accepted')
  })

  test('a text of half a character is refused', () => {
    expect(refusalOf("a = 'x\ud800'")).toContain('not well-formed Unicode')
    expect(refusalOf("a = '\u{1f600}'")).toBe('accepted')
  })

  test('neither depth nor length can take a process down', () => {
    expect(refusalOf('('.repeat(3000))).toContain('at most 50 levels')
    expect(refusalOf('-'.repeat(3000))).toContain('at most 50 levels')
    expect(refusalOf('not '.repeat(900))).toContain('at most 50 levels')
    expect(refusalOf(`a${' + a'.repeat(1100)}`)).toContain('at most 4000 characters')
    expect(refusalOf(`a = 0${' or a = 1'.repeat(400)}`)).toBe('accepted')
    expect(refusalOf(`a${' + a'.repeat(900)}`)).toContain('at most 200 terms')
    expect(refusalOf(`a${' + a'.repeat(199)}`)).toBe('accepted')
  })
})
