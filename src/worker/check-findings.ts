import { RanktideError, verdictOf } from '../core/errors.js'
import type { Finding } from '../databases/finding.js'
import type { Log } from '../runtime/log.js'

/**
 * Says everything that is wrong; the first error that waiting can't mend is the one that is thrown. Where waiting can mend
 * all of them, nothing is said: they are thrown as one, and who waits for them says that each time.
 */
export const checkFindings = (findings: readonly Finding[], log: Pick<Log, 'error' | 'warn'>): void => {
  const errors = findings
    .filter(({ level }) => level === 'error')
    .map(({ code, message }) => new RanktideError(code, message))
  const [first] = errors
  const fatal = errors.find((error) => verdictOf(error) !== 'retry')
  if (first !== undefined && fatal === undefined)
    throw new RanktideError(first.code, errors.map(({ detail }) => detail).join('; '))
  for (const { level, code, message } of findings) {
    if (level === 'error') log.error({ code }, message)
    else log.warn({ code }, message)
  }
  if (fatal !== undefined) throw fatal
}
