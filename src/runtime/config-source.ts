/** A YAML file as plain data, with the way back from a key path to the line that says it. */
import {
  type Alias,
  type Document,
  isAlias,
  isMap,
  isNode,
  isScalar,
  isSeq,
  LineCounter,
  type Node,
  type Pair,
  parseDocument,
  visit,
  type YAMLError,
  type YAMLMap,
} from 'yaml'
import type { ConfigPath, ConfigProblem } from './config-problem.js'

export interface Place {
  /** Counted from 1. */
  readonly line: number
  readonly column: number
}

export interface ConfigSource {
  /** Null for an empty file. Strings are as written: variables are not yet filled in. */
  readonly tree: unknown
  /** The place of a key or list item; of the nearest thing around it where the path does not exist. */
  readonly placeOf: (path: ConfigPath) => Place
}

export type SourceResult =
  | { readonly kind: 'source'; readonly source: ConfigSource }
  | { readonly kind: 'problems'; readonly problems: readonly ConfigProblem[] }

/** Some messages of the parser quote the text at fault, which may be a password: the quotation goes. */
const withoutQuotation = (message: string): string => message.replace(/:\s*["'`].*$/s, '').replace(/\.$/, '')

const resolved = (document: Document, node: unknown): Node | undefined => {
  if (isAlias(node)) return (node as Alias).resolve(document)
  return isNode(node) ? node : undefined
}

const keyText = (pair: Pair): string => (isScalar(pair.key) ? String(pair.key.value) : String(pair.key))

/** The pair of a key, looked for in merged mappings (`<<`) too. */
const pairOf = (document: Document, map: YAMLMap, key: string, depth = 0): Pair | undefined => {
  const own = map.items.find((pair) => keyText(pair) === key)
  if (own !== undefined || depth > 8) return own
  for (const pair of map.items) {
    if (keyText(pair) !== '<<') continue
    const value = resolved(document, pair.value)
    const merged = isSeq(value) ? value.items.map((item) => resolved(document, item)) : [value]
    for (const node of merged) {
      const found = isMap(node) ? pairOf(document, node, key, depth + 1) : undefined
      if (found !== undefined) return found
    }
  }
  return undefined
}

const offsetOf = (document: Document, path: ConfigPath): number => {
  let node = resolved(document, document.contents)
  let offset = node?.range?.[0] ?? 0
  for (const segment of path) {
    let named: unknown
    if (isMap(node)) {
      const pair = pairOf(document, node, String(segment))
      named = pair?.key
      node = resolved(document, pair?.value)
    } else if (isSeq(node)) {
      named = node.items[Number(segment)]
      node = resolved(document, named)
    }
    if (!isNode(named)) break
    offset = named.range?.[0] ?? offset
  }
  return offset
}

const unresolvedAliases = (document: Document): readonly Alias[] => {
  const found: Alias[] = []
  visit(document, {
    Alias: (_key, alias) => {
      if (alias.resolve(document) === undefined) found.push(alias)
    },
  })
  return found
}

/** The last key that a line names. */
const lastKey = (line: string): string | undefined =>
  [...line.matchAll(/(?:^|[\s{,])([\w.-]+)\s*:(?=\s|$)/g)].at(-1)?.[1]

/** The key whose value is being read at an offset: the nearest one before it. */
const keyBefore = (text: string, offset: number): string | undefined => {
  const lines = text.slice(0, offset).split('\n')
  for (let line = lines.pop(); line !== undefined; line = lines.pop()) {
    const key = lastKey(line)
    if (key !== undefined) return key
  }
  return undefined
}

/** Faults that no quotes around an expression would mend. */
const beyondQuotes: readonly string[] = ['TAB_AS_INDENT', 'DUPLICATE_KEY', 'MULTIPLE_DOCS']

const adviceFor = ({ code, pos }: YAMLError, text: string): string => {
  if (code === 'TAB_AS_INDENT') return '; allowed: spaces'
  const key = beyondQuotes.includes(code) ? undefined : keyBefore(text, pos[0])
  return key === 'score' || key === 'where' ? '; quote the whole expression, or put it on the line below >-' : ''
}

/** One fault a line, and none after a tab, which makes faults of the lines below it. */
const withoutEchoes = (faults: readonly YAMLError[], lineOf: (fault: YAMLError) => number): readonly YAMLError[] => {
  const ordered = [...faults].sort((a, b) => a.pos[0] - b.pos[0])
  const tab = ordered.findIndex(({ code }) => code === 'TAB_AS_INDENT')
  const told = tab === -1 ? ordered : ordered.slice(0, tab + 1)
  return told.filter((fault, i) => i === told.findIndex((other) => lineOf(other) === lineOf(fault)))
}

export const readSource = (text: string): SourceResult => {
  const lines = new LineCounter()
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false, merge: true })
  const placeAt = (offset: number): Place => {
    const { line, col } = lines.linePos(offset)
    return { line: Math.max(line, 1), column: Math.max(col, 1) }
  }
  const faults = [...document.errors, ...document.warnings]
  if (faults.length > 0) {
    const problems = withoutEchoes(faults, ({ pos }) => placeAt(pos[0]).line).map((fault) => ({
      ...placeAt(fault.pos[0]),
      sentence: `this is not valid YAML: ${withoutQuotation(fault.message)}${adviceFor(fault, text)}`,
    }))
    return { kind: 'problems', problems }
  }
  const unresolved = unresolvedAliases(document)
  if (unresolved.length > 0) {
    const problems = unresolved.map((alias) => ({
      ...placeAt(alias.range?.[0] ?? 0),
      sentence: `*${alias.source} is not defined; allowed: an alias of an anchor further up, or the value in quotes`,
    }))
    return { kind: 'problems', problems }
  }
  try {
    const tree: unknown = document.toJS()
    return { kind: 'source', source: { tree, placeOf: (path) => placeAt(offsetOf(document, path)) } }
  } catch {
    // With every alias resolved, the parser refuses only their number: a small file that stands for a huge tree.
    return { kind: 'problems', problems: [{ line: 1, column: 1, sentence: 'this YAML has too many aliases' }] }
  }
}
