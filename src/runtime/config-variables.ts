/**
 * `${NAME}` and `${NAME:-default}` inside strings, filled in from the environment. As in a shell, the default stands in
 * for a variable that is unset or empty. `$${` is a literal `${`. Keys are left as they are.
 */
import { type ConfigPath, showPath } from './config-problem.js'

export type Environment = Readonly<Record<string, string | undefined>>

export interface Filled {
  readonly tree: unknown
  /** The strings that held a variable: only these may stand for a number or a boolean. */
  readonly filled: readonly ConfigPath[]
  readonly problems: readonly { readonly path: ConfigPath; readonly sentence: string }[]
}

/** No configuration nests deeper; an alias inside its own anchor nests without end. */
const deepest = 16

const reference = /\$\$\{|\$\{([^}]*)(\}?)/g
const inside = /^([A-Za-z_][A-Za-z0-9_]*)(?::-(.*))?$/s

export const fillVariables = (tree: unknown, environment: Environment): Filled => {
  const filled: ConfigPath[] = []
  const problems: { path: ConfigPath; sentence: string }[] = []
  const complain = (path: ConfigPath, sentence: string): void => {
    problems.push({ path, sentence: `${showPath(path)} ${sentence}` })
  }

  const fillText = (text: string, path: ConfigPath): string => {
    if (!text.includes('${')) return text
    filled.push(path)
    return text.replace(reference, (whole, body: string | undefined, end: string | undefined) => {
      if (body === undefined) return '${'
      const match = inside.exec(body)
      const name = match?.[1]
      if (name === undefined || end !== '}') {
        complain(
          path,
          `has a "\${" that starts no variable; allowed: \${NAME}, \${NAME:-default}, and $\${ for a literal \${`,
        )
        return whole
      }
      const value = environment[name]
      if (match?.[2] !== undefined) return value === undefined || value === '' ? match[2] : value
      if (value === undefined) {
        complain(path, `needs the variable ${name}, which is not set; set it, or write \${${name}:-default}`)
      }
      return value ?? ''
    })
  }

  const fill = (node: unknown, path: ConfigPath): unknown => {
    if (typeof node === 'string') return fillText(node, path)
    if (typeof node !== 'object' || node === null) return node
    if (path.length >= deepest) {
      complain(path, `is nested too deeply; allowed: ${deepest} levels`)
      return undefined
    }
    if (Array.isArray(node)) return node.map((item, index) => fill(item, [...path, index]))
    return Object.fromEntries(Object.entries(node).map(([key, value]) => [key, fill(value, [...path, key])]))
  }

  return { tree: fill(tree, []), filled, problems }
}
