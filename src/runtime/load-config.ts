/**
 * Reads `ranktide.yaml`: YAML, then variables, then the schema, then the checks across keys. All that is wrong is told
 * at once. This is the only place where the environment is looked at; it comes in as an argument.
 */
import { readFile } from 'node:fs/promises'
import type { z } from 'zod'
import { RanktideError } from '../core/errors.js'
import type { Config } from './config.js'
import { checkAcrossKeys } from './config-checks.js'
import { findingsOf, isSamePath, turnTextsIntoValues } from './config-findings.js'
import { type ConfigPath, type ConfigProblem, showProblems, showValue } from './config-problem.js'
import { resolveConfig } from './config-resolve.js'
import { configSchema, logLevelSchema, type ParsedConfig } from './config-schema.js'
import { readSource } from './config-source.js'
import type { Finding } from './config-tree.js'
import { type Environment, fillVariables } from './config-variables.js'

export interface Surroundings {
  readonly environment: Environment
  /** The name of the host: the default of `instance`. */
  readonly hostname: string
}

export type ConfigResult =
  | { readonly kind: 'config'; readonly config: Config }
  | { readonly kind: 'problems'; readonly problems: readonly ConfigProblem[] }

const checkSchema = (tree: unknown, filled: readonly ConfigPath[]): z.ZodSafeParseResult<ParsedConfig> => {
  const first = configSchema.safeParse(tree)
  if (first.success || !turnTextsIntoValues(tree, filled, first.error.issues)) return first
  return configSchema.safeParse(tree)
}

const readLogLevel = (environment: Environment): ReturnType<typeof logLevelSchema.safeParse> =>
  logLevelSchema.safeParse((environment.LOG_LEVEL || 'info').toLowerCase())

/** Several rules for one value end in the same sentence. */
const eachOnce = (findings: readonly Finding[]): readonly Finding[] => [
  ...new Map(findings.map((finding) => [finding.sentence, finding])).values(),
]

/** `file` is only named. */
export const parseConfig = (text: string, file: string, surroundings: Surroundings): ConfigResult => {
  const read = readSource(text)
  if (read.kind === 'problems') return read
  const { tree, filled, problems: unfilled } = fillVariables(read.source.tree, surroundings.environment)
  const parsed = checkSchema(tree, filled)
  const bySchema = parsed.success ? [] : parsed.error.issues.flatMap((issue) => findingsOf(issue, tree))
  // Where a variable is missing, nothing else can be said of the value.
  const others = [...bySchema, ...checkAcrossKeys(tree)].filter(
    ({ path }) => !unfilled.some((one) => isSamePath(one.path, path)),
  )
  const problems: ConfigProblem[] = eachOnce([...unfilled, ...others]).map(({ path, sentence }) => ({
    ...read.source.placeOf(path),
    sentence,
  }))
  const level = readLogLevel(surroundings.environment)
  if (!level.success) {
    const shown = showValue([], surroundings.environment.LOG_LEVEL)
    problems.push({
      line: 0,
      column: 0,
      sentence: `LOG_LEVEL is ${shown}; ${level.error.issues[0]?.message}`,
    })
  }
  if (!parsed.success || !level.success || problems.length > 0) return { kind: 'problems', problems }
  const around = { file, instance: surroundings.hostname, log: { level: level.data } }
  return { kind: 'config', config: resolveConfig(parsed.data, around) }
}

const reasons: Readonly<Record<string, string>> = {
  ENOENT: 'does not exist',
  EISDIR: 'is a directory',
  EACCES: 'may not be read by this user',
}

/** Fails with CONFIG_READ or CONFIG_INVALID; the detail of the latter has one line a problem. */
export const loadConfig = async (file: string, surroundings: Surroundings): Promise<Config> => {
  const text = await readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) => {
    const reason = reasons[error.code ?? ''] ?? `gives ${error.code}`
    throw new RanktideError('CONFIG_READ', `${file} ${reason}; name another with --config FILE`, { cause: error })
  })
  const result = parseConfig(text, file, surroundings)
  if (result.kind === 'problems') throw new RanktideError('CONFIG_INVALID', showProblems(file, result.problems))
  return result.config
}
