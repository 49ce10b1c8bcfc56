import { RanktideError } from '../core/errors.js'
import type { Config } from './config.js'

export const configParts = ['boards', 'counters'] as const
export type ConfigPart = (typeof configParts)[number]

/** The configuration with only its boards, or only its counters and history. CONFIG_INVALID where it has none. */
export const partOf = (config: Config, part: ConfigPart): Config => {
  const found =
    part === 'boards' ? { ...config, counters: [], history: undefined } : { ...config, boards: [], redis: undefined }
  if (found.boards.length > 0 || found.counters.length > 0 || found.history !== undefined) return found
  const missing = part === 'boards' ? 'boards' : 'counters and no history'
  throw new RanktideError('CONFIG_INVALID', `--only ${part}: ${config.file} has no ${missing}`)
}
