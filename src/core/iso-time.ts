const day = 86_400_000

const digits = (value: number, width: number): string => String(value).padStart(width, '0')

/** Whole seconds in UTC, as `2026-11-21T15:04:05Z`. `ms`: since 1970, from then to the year 9999. */
export const isoTime = (ms: number): string => {
  const days = Math.floor(ms / day)
  const seconds = Math.floor((ms - days * day) / 1_000)
  // Howard Hinnant's civil_from_days: years begin in March, in eras of 400 of them.
  const shifted = days + 719_468
  const era = Math.floor(shifted / 146_097)
  const dayOfEra = shifted - era * 146_097
  const years = Math.floor(
    (dayOfEra - Math.floor(dayOfEra / 1_460) + Math.floor(dayOfEra / 36_524) - Math.floor(dayOfEra / 146_096)) / 365,
  )
  const dayOfYear = dayOfEra - (365 * years + Math.floor(years / 4) - Math.floor(years / 100))
  const shiftedMonth = Math.floor((5 * dayOfYear + 2) / 153)
  const month = shiftedMonth < 10 ? shiftedMonth + 3 : shiftedMonth - 9
  const date = dayOfYear - Math.floor((153 * shiftedMonth + 2) / 5) + 1
  const year = years + era * 400 + (month <= 2 ? 1 : 0)
  const time = [Math.floor(seconds / 3_600), Math.floor(seconds / 60) % 60, seconds % 60]
  return `${digits(year, 4)}-${digits(month, 2)}-${digits(date, 2)}T${time.map((part) => digits(part, 2)).join(':')}Z`
}
