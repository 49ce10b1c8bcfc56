/** The configuration before it is checked, as the checks across keys look at it. */
import type { ConfigPath } from './config-problem.js'

export interface Finding {
  readonly path: ConfigPath
  readonly sentence: string
}

type Mapping = Readonly<Record<string, unknown>>

export const isMapping = (node: unknown): node is Mapping =>
  typeof node === 'object' && node !== null && !Array.isArray(node)

/** The mapping at a path; an empty one where there is none. */
export const mappingAt = (tree: unknown, ...path: readonly string[]): Mapping => {
  let node = tree
  for (const key of path) node = isMapping(node) ? node[key] : undefined
  return isMapping(node) ? node : {}
}

/** Names of boards and counters. */
export const namePattern = /^[A-Za-z0-9][\w.-]{0,99}$/

/** The database that a URL names; undefined if it names none. */
export const databaseOfUrl = (url: string): string | undefined => {
  if (!URL.canParse(url)) return undefined
  const name = new URL(url).pathname.slice(1)
  return name === '' ? undefined : decodeURIComponent(name)
}
