/** A user's profile, and what it may hold. Pure: today comes in as an argument. */
import { Refusal } from '../../src/http/envelope.js'
import { faultOf } from './answers.js'

export interface Profile {
  readonly nickname: string
  /** `YYYY-MM-DD`. */
  readonly birthday: string | null
  readonly about: string
}

/** In Unicode characters, as the columns count them. */
const longestNickname = 24
const longestAbout = 200
const earliestBirthday = '1900-01-01'

type Checked<T> = { readonly value: T } | { readonly allowed: string }

const lengthOf = (text: string): number => [...text].length

/** Half a surrogate pair is no text: the database would refuse it. */
const isText = (value: unknown): value is string => typeof value === 'string' && !/\p{Surrogate}/u.test(value)

const nickname = (value: unknown): Checked<string> => {
  const fits = isText(value) && lengthOf(value) >= 1 && lengthOf(value) <= longestNickname
  if (fits && value.trim() === value && !/\p{Cc}/u.test(value)) return { value }
  return { allowed: `1 to ${longestNickname} characters on one line, without spaces at either end` }
}

const about = (value: unknown): Checked<string> => {
  const written = value ?? ''
  const withoutBreaks = isText(written) ? written.replace(/[\n\t]/g, '') : undefined
  if (isText(written) && lengthOf(written) <= longestAbout && !/\p{Cc}/u.test(withoutBreaks ?? '')) {
    return { value: written }
  }
  return { allowed: `at most ${longestAbout} characters, or null` }
}

/** Whether the calendar has this day: JavaScript itself would take February 30 for March 1 or 2. */
const isDay = (text: string): boolean => {
  const day = /^\d{4}-\d{2}-\d{2}$/.test(text) ? new Date(`${text}T00:00:00Z`) : undefined
  return day !== undefined && !Number.isNaN(day.getTime()) && day.toISOString().startsWith(text)
}

const birthday = (value: unknown, today: string): Checked<string | null> => {
  if (value === undefined || value === null) return { value: null }
  if (typeof value === 'string' && isDay(value) && value >= earliestBirthday && value < today) return { value }
  return { allowed: `a day from ${earliestBirthday} to yesterday, as YYYY-MM-DD, or null` }
}

const fields = ['nickname', 'birthday', 'about'] as const

/**
 * The body of a request as a profile; a field that is left out is empty, but for the nickname. `today`: `YYYY-MM-DD`.
 * Refuses with 400, naming every field that is at fault.
 */
export const readProfile = (body: unknown, today: string): Profile => {
  if (typeof body !== 'object' || body === null || Array.isArray(body)) {
    throw new Refusal(400, faultOf('the body', body, `a JSON object of ${fields.join(', ')}`))
  }
  const written = body as Readonly<Record<string, unknown>>
  const checked = {
    nickname: nickname(written.nickname),
    birthday: birthday(written.birthday, today),
    about: about(written.about),
  }
  const faults = [
    ...Object.keys(written)
      .filter((name) => !fields.some((field) => field === name))
      .map((name) => `${name.slice(0, 40)} is no field of a profile; allowed: ${fields.join(', ')}`),
    ...fields.flatMap((name) => {
      const found = checked[name]
      return 'allowed' in found ? [faultOf(name, written[name], found.allowed)] : []
    }),
  ]
  const { nickname: named, birthday: born, about: told } = checked
  if (faults.length === 0 && 'value' in named && 'value' in born && 'value' in told) {
    return { nickname: named.value, birthday: born.value, about: told.value }
  }
  throw new Refusal(400, faults.join('. '))
}
