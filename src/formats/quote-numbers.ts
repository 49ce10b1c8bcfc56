/**
 * Puts quotes around the numbers that are column values, so that `JSON.parse` keeps every digit: 18446744073709551615 and 10.0000
 * have no double. Linear; text that is not JSON stays not JSON.
 */

/** Rows are objects in an array in the outermost object: `{"data":[{…}]}`. */
export const rowDepth = 3

const jsonNumber = /^-?(0|[1-9]\d*)(\.\d+)?([eE][+-]?\d+)?$/

const isNumberPart = (code: number): boolean =>
  (code >= 0x30 && code <= 0x39) || code === 0x2d || code === 0x2b || code === 0x2e || code === 0x45 || code === 0x65

const endOfString = (text: string, start: number): number => {
  let at = start + 1
  while (at < text.length && text[at] !== '"') at += text[at] === '\\' ? 2 : 1
  return at + 1
}

const isSpace = (code: number): boolean => code === 0x20 || code === 0x0a || code === 0x0d || code === 0x09

/** Only what stands behind a colon and is a whole JSON number is quoted: quotes must not repair `{1:2}` or `01`. */
export const quoteNumbers = (text: string, fromDepth = rowDepth): string => {
  const parts: string[] = []
  let copied = 0
  let depth = 0
  let previous = 0
  let at = 0
  while (at < text.length) {
    const code = text.charCodeAt(at)
    const start = at
    if (code === 0x22) at = endOfString(text, at)
    else if (isNumberPart(code)) {
      while (at < text.length && isNumberPart(text.charCodeAt(at))) at++
      const token = text.slice(start, at)
      if (depth >= fromDepth && previous === 0x3a && jsonNumber.test(token)) {
        parts.push(text.slice(copied, start), `"${token}"`)
        copied = at
      }
    } else {
      if (code === 0x7b || code === 0x5b) depth++
      else if (code === 0x7d || code === 0x5d) depth--
      at++
    }
    if (!isSpace(code)) previous = code
  }
  return parts.length === 0 ? text : parts.join('') + text.slice(copied)
}
