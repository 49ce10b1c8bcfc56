/** A moment as people write it, ISO 8601 with its zone. A time without one would mean another moment on every machine. */

const written =
  /^(\d{4})-(\d\d)-(\d\d)(?:[Tt ](\d\d):(\d\d)(?::(\d\d)(?:[.,](\d{1,9}))?)?)?\s*([Zz]|[+-]\d\d(?::?\d\d)?|[A-Za-z/_]+)?$/

const minute = 60_000
const day = 86_400_000

const isLeap = (year: number): boolean => (year % 4 === 0 && year % 100 !== 0) || year % 400 === 0

const daysIn = (year: number, month: number): number =>
  month === 2 ? (isLeap(year) ? 29 : 28) : [4, 6, 9, 11].includes(month) ? 30 : 31

/** Days since 1970: Howard Hinnant's days_from_civil, whose years begin in March. */
const daysSince1970 = (year: number, month: number, date: number): number => {
  const shifted = month <= 2 ? year - 1 : year
  const era = Math.floor(shifted / 400)
  const yearOfEra = shifted - era * 400
  const dayOfYear = Math.floor((153 * (month + (month > 2 ? -3 : 9)) + 2) / 5) + date - 1
  return era * 146_097 + yearOfEra * 365 + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100) + dayOfYear - 719_468
}

/** Whether the text begins as a date does, so that what is wrong with it is wrong with a time. */
export const looksLikeTime = (text: string): boolean => /^\d{4}-\d/.test(text) || /^\d{4}\/\d\d?\//.test(text)

export type OffsetTime =
  | { readonly kind: 'time' /** ms since 1970 */; readonly at: number }
  | { readonly kind: 'wrong' /** What is wrong and what to type. */; readonly why: string }

const example = '2026-11-21T08:00:00Z'
const wrong = (why: string): OffsetTime => ({ kind: 'wrong', why })

/** `text`: without blanks around it. */
export const parseOffsetTime = (text: string): OffsetTime => {
  const match = written.exec(text)
  if (match === null)
    return wrong(`is not a time that can be read; write it as ${example} or 2026-11-21T08:00:00+08:00`)
  const [, years = '', months = '', dates = '', hours, minutes = '', seconds = '00', fraction = '', zone] = match
  const [year, month, date] = [Number(years), Number(months), Number(dates)]
  if (month < 1 || month > 12) return wrong(`has the month ${months}; there are 01 to 12`)
  const days = daysIn(year, month)
  if (date < 1 || date > days) return wrong(`has the day ${dates}; ${years}-${months} has 01 to ${days}`)
  const clock = `${years}-${months}-${dates}T${hours ?? '00'}:${minutes === '' ? '00' : minutes}:${seconds}`
  if (hours === undefined) return wrong(`has no time of day; write ${clock}Z, or ${clock}+08:00 for a zone of its own`)
  if (Number(hours) > 23 || Number(minutes) > 59 || Number(seconds) > 59)
    return wrong(`has the time ${hours}:${minutes}:${seconds}; there are 00:00:00 to 23:59:59`)
  if (zone === undefined)
    return wrong(`has no time zone; write ${clock}Z if it is UTC, or ${clock}+08:00 with the zone's distance from it`)
  const east = minutesEast(zone)
  if (east === undefined)
    return wrong(`has the zone ${zone}; write Z for UTC, or a distance from it from -14:00 to +14:00: ${clock}+08:00`)
  const ms = Number(fraction.slice(0, 3).padEnd(3, '0'))
  const ofDay = (Number(hours) * 60 + Number(minutes) - east) * minute + Number(seconds) * 1_000 + ms
  const at = daysSince1970(year, month, date) * day + ofDay
  return at < 0 ? wrong('is before 1970; Kafka has no such times') : { kind: 'time', at }
}

const minutesEast = (zone: string): number | undefined => {
  if (/^z$/i.test(zone)) return 0
  const match = /^([+-])(\d\d):?(\d\d)?$/.exec(zone)
  if (match === null) return undefined
  const [, sign, hours, minutes = '0'] = match
  const distance = Number(hours) * 60 + Number(minutes)
  if (Number(minutes) > 59 || distance > 14 * 60) return undefined
  return sign === '-' ? -distance : distance
}
