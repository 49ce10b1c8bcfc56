/** From what the schema objects to, to sentences that name the key, its value and what is allowed. */
import type { z } from 'zod'
import { nearestName } from '../core/nearest-name.js'
import { type ConfigPath, showPath, showValue, valueAt } from './config-problem.js'
import { configSchema } from './config-schema.js'
import type { Finding } from './config-tree.js'

export type Issue = z.core.$ZodIssue

/** Takes defaults and options off a schema, down to the mapping, list or leaf inside. */
const unwrapped = (schema: unknown): unknown => {
  const inner = (schema as { def?: { innerType?: unknown } } | undefined)?.def?.innerType
  return inner === undefined ? schema : unwrapped(inner)
}

const childSchema = (schema: unknown, segment: string | number): unknown => {
  const parent = schema as { shape?: Record<string, unknown>; valueType?: unknown } | undefined
  return parent?.shape?.[segment] ?? parent?.valueType
}

/** The keys that a mapping of the schema knows, by its place in the tree. */
const knownKeys = (path: ConfigPath): readonly string[] => {
  let schema: unknown = configSchema
  for (const segment of path) schema = childSchema(unwrapped(schema), segment)
  const mapping = unwrapped(schema) as { shape?: object } | undefined
  return Object.keys(mapping?.shape ?? {})
}

const unknownKey = (path: ConfigPath, key: string): Finding => {
  const known = knownKeys(path)
  const nearest = nearestName(key, known)
  const suggestion = nearest === undefined ? '' : `did you mean ${nearest}? `
  const full = [...path, key]
  return { path: full, sentence: `${showPath(full)} is not a known key; ${suggestion}allowed: ${known.join(', ')}` }
}

export const findingsOf = (issue: Issue, tree: unknown): readonly Finding[] => {
  const path = issue.path.filter((segment) => typeof segment !== 'symbol')
  if (issue.code === 'unrecognized_keys') return issue.keys.map((key) => unknownKey(path, key))
  const value = valueAt(tree, path)
  const subject = path.length === 0 ? 'the file' : showPath(path)
  const is = value === undefined ? 'is missing' : `is ${showValue(path, value)}`
  return [{ path, sentence: `${subject} ${is}; ${issue.message}` }]
}

/**
 * A variable's text stands for a number or a boolean exactly where one is expected: elsewhere (passwords) digits stay
 * text. Changes `tree` in place; tells whether anything changed.
 */
export const turnTextsIntoValues = (
  tree: unknown,
  filled: readonly ConfigPath[],
  issues: readonly Issue[],
): boolean => {
  let changed = false
  for (const path of filled) {
    const parent = valueAt(tree, path.slice(0, -1)) as Record<string | number, unknown> | undefined
    const last = path.at(-1)
    const issue = issues.find((one) => isSamePath(one.path, path))
    if (issue?.code !== 'invalid_type' || parent === undefined || last === undefined) continue
    const text = String(parent[last])
    const isNumber = (issue.expected === 'number' || issue.expected === 'int') && /^-?\d{1,15}(\.\d+)?$/.test(text)
    const isBoolean = issue.expected === 'boolean' && (text === 'true' || text === 'false')
    if (!isNumber && !isBoolean) continue
    parent[last] = isNumber ? Number(text) : text === 'true'
    changed = true
  }
  return changed
}

export const isSamePath = (a: readonly PropertyKey[], b: readonly PropertyKey[]): boolean =>
  a.length === b.length && a.every((part, index) => part === b[index])
