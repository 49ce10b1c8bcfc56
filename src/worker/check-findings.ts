import { RanktideError } from '../core/errors.js'
import type { Finding } from '../databases/mysql/finding.js'
import type { Log } from '../runtime/log.js'

/** Says everything that is wrong; the first error is the one that is thrown. */
export const checkFindings = (findings: readonly Finding[], log: Pick<Log, 'error' | 'warn'>): void => {
  for (const { level, code, message } of findings) {
    if (level === 'error') log.error({ code }, message)
    else log.warn({ code }, message)
  }
  const fatal = findings.find(({ level }) => level === 'error')
  if (fatal !== undefined) throw new RanktideError(fatal.code, fatal.message)
}
