/**
 * The tokens of a MySQL statement, one at a time: linear, O(1) memory besides the text, and total: an unclosed quote or
 * comment ends with the text. What a version comment holds (slash star bang 40005 …) is SQL, as it is for the server.
 */
export type SqlToken =
  /** An unquoted word, in the case of the text: a keyword, a name or a number. */
  | { readonly kind: 'word'; readonly text: string }
  /** A name in backticks, or text in double quotes, which is a name under ANSI_QUOTES. */
  | { readonly kind: 'quoted'; readonly text: string }
  | { readonly kind: 'string' }
  | { readonly kind: 'symbol'; readonly text: string }
  | { readonly kind: 'end' }

export interface SqlTokens {
  peek(): SqlToken
  next(): SqlToken
}

const wordPattern = /[0-9A-Za-z$_\u0080-\u{10ffff}]+/uy
const spacePattern = /\s+/y
/** `/*!40005` of MySQL, `/*M!100401` of MariaDB. */
const versionComment = /\/\*M?!\d*/y

const matchAt = (pattern: RegExp, text: string, at: number): string | undefined => {
  pattern.lastIndex = at
  return pattern.exec(text)?.[0]
}

/** Behind the closing quote; a doubled quote is one inside, and so is one behind a backslash except in backticks. */
const endOfQuoted = (sql: string, start: number): number => {
  const mark = sql[start]
  let at = start + 1
  while (at < sql.length) {
    if (sql[at] === '\\' && mark !== '`') at += 2
    else if (sql[at] !== mark) at++
    else if (sql[at + 1] === mark) at += 2
    else return at + 1
  }
  return sql.length
}

const quotedText = (sql: string, start: number, end: number): string => {
  const mark = sql[start] ?? ''
  return sql.slice(start + 1, end - 1).replaceAll(mark + mark, mark)
}

const isLineComment = (sql: string, at: number): boolean =>
  sql[at] === '#' || (sql.startsWith('--', at) && /^\s?$/.test(sql.slice(at + 2, at + 3)))

/** Where the next token starts, past spaces and comments. */
const skipBlank = (sql: string, start: number): number => {
  let at = start
  while (at < sql.length) {
    const blank = matchAt(spacePattern, sql, at) ?? matchAt(versionComment, sql, at)
    if (blank !== undefined) at += blank.length
    else if (sql.startsWith('*/', at)) at += 2
    else if (sql.startsWith('/*', at)) {
      const close = sql.indexOf('*/', at + 2)
      at = close === -1 ? sql.length : close + 2
    } else if (isLineComment(sql, at)) {
      const newline = sql.indexOf('\n', at)
      at = newline === -1 ? sql.length : newline + 1
    } else break
  }
  return at
}

export const sqlTokens = (sql: string): SqlTokens => {
  let at = 0
  const read = (): SqlToken => {
    at = skipBlank(sql, at)
    const first = sql[at]
    if (first === undefined) return { kind: 'end' }
    const word = matchAt(wordPattern, sql, at)
    if (word !== undefined) {
      at += word.length
      return { kind: 'word', text: word }
    }
    if (first !== '`' && first !== '"' && first !== "'") {
      at++
      return { kind: 'symbol', text: first }
    }
    const start = at
    at = endOfQuoted(sql, start)
    return first === "'" ? { kind: 'string' } : { kind: 'quoted', text: quotedText(sql, start, at) }
  }
  let ahead: SqlToken | undefined
  return {
    peek: () => {
      ahead ??= read()
      return ahead
    },
    next: () => {
      const token = ahead ?? read()
      ahead = undefined
      return token
    },
  }
}
