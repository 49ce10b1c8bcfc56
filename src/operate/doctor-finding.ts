/** What `doctor` says: lines under headings. What is wrong always comes with what to do about it. */
import { asRanktideError } from '../core/errors.js'
import { adviceFor } from './doctor-advice.js'

/** `not-asked`: a server that it needs could not be reached, or it was not wanted. */
export type DoctorFinding =
  | { readonly name: string; readonly level: 'ok' | 'not-asked'; readonly detail: string }
  | {
      readonly name: string
      readonly level: 'warning' | 'error'
      readonly detail: string
      /** One sentence, or a statement to paste. */
      readonly advice: string
    }

export interface DoctorSection {
  readonly title: string
  readonly findings: readonly DoctorFinding[]
}

export interface Diagnosis {
  /** In the order in which an event travels. */
  readonly sections: readonly DoctorSection[]
  readonly errors: number
  readonly warnings: number
  readonly verdict: string
}

export const fine = (name: string, detail: string): DoctorFinding => ({ name, level: 'ok', detail })
export const notAsked = (name: string, why: string): DoctorFinding => ({
  name,
  level: 'not-asked',
  detail: `not asked: ${why}`,
})
export const warning = (name: string, detail: string, advice: string): DoctorFinding => ({
  name,
  level: 'warning',
  detail,
  advice,
})
export const wrong = (name: string, detail: string, advice: string): DoctorFinding => ({
  name,
  level: 'error',
  detail,
  advice,
})

/** An error that a check failed with. */
export const failed = (name: string, error: unknown): DoctorFinding => {
  const { code, message } = asRanktideError(error)
  return advised({ name, level: 'error', detail: `${code}: ${message}` })
}

interface Told {
  readonly name: string
  readonly level: 'ok' | 'warning' | 'error'
  readonly detail: string
}

/** `…; run: STATEMENT`, as the checks of a start put it, comes apart into what is so and what to do. */
const apart = (text: string): readonly [string, string | undefined] => {
  const found = /^(.*?)[;:] (run(?: there)?: .*)$/s.exec(text)
  return found === null ? [text, undefined] : [found[1] ?? '', found[2]]
}

/** The error code that stands in front of the detail, or is the name. */
const codeIn = ({ name, detail }: Told): string => /^[A-Z][A-Z_]+(?=: )/.exec(detail)?.[0] ?? name

/** What is told with a code, as `config check --connect` does, with its advice: its own, or that of its code. */
export const advised = (told: Told): DoctorFinding => {
  const { name, level, detail } = told
  if (level === 'ok') return fine(name, detail)
  const [what, own] = apart(detail)
  return { name, level, detail: what, advice: own ?? adviceFor(codeIn(told)) }
}
