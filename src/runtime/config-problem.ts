/**
 * One thing that is wrong with a configuration, and how it is told: `FILE:LINE: KEY is VALUE; allowed: …`.
 * Values of secrets are never shown, whatever is wrong with them.
 */
import { hidden, hideCredentials, namesSecret } from './secrets.js'

export type ConfigPath = readonly (string | number)[]

export interface ConfigProblem {
  /** Where in the file, counted from 1; line 0: not in the file, but in the environment. */
  readonly line: number
  readonly column: number
  /** The sentence after `FILE:LINE: `. */
  readonly sentence: string
}

/** `boards.likes.topic[1]`; a segment that holds more than name characters stands in brackets and quotes. */
export const showPath = (path: ConfigPath): string => {
  let shown = ''
  for (const segment of path) {
    if (typeof segment === 'number') shown += `[${segment}]`
    else if (!/^[\w-]+$/.test(segment)) shown += `[${JSON.stringify(segment)}]`
    else shown += shown === '' ? segment : `.${segment}`
  }
  return shown
}

/** What stands at a path of a tree of mappings and lists; undefined if nothing does. */
export const valueAt = (tree: unknown, path: ConfigPath): unknown => {
  let node = tree
  for (const segment of path) {
    if (typeof node !== 'object' || node === null || !Object.hasOwn(node, segment)) return undefined
    node = (node as Record<string | number, unknown>)[segment]
  }
  return node
}

const longest = 80

const cut = (text: string): string => (text.length > longest ? `${text.slice(0, longest)}…` : text)

/** A value as an error message may show it. `path` decides whether it is a secret. */
export const showValue = (path: ConfigPath, value: unknown): string => {
  if (path.some((segment) => typeof segment === 'string' && namesSecret(segment))) return hidden
  if (value === null) return 'empty'
  if (typeof value === 'string') return JSON.stringify(cut(hideCredentials(value)))
  if (Array.isArray(value) && value.some((item) => typeof item === 'object' && item !== null)) return 'a list'
  if (Array.isArray(value)) return cut(`[${value.map((item) => showValue(path, item)).join(', ')}]`)
  return typeof value === 'object' ? 'a mapping' : String(value)
}

/** All problems, one a line, in the order of the file. */
export const showProblems = (file: string, problems: readonly ConfigProblem[]): string =>
  [...problems]
    .sort((a, b) => a.line - b.line || a.column - b.column)
    .map(({ line, sentence }) => `${line === 0 ? 'environment' : `${file}:${line}`}: ${sentence}`)
    .join('\n')
