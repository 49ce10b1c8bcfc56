/** Durations as people write them in the configuration: `50ms`, `5s`, `10m`, `1h`, `90d`. */

const millisecondsOf = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const

export const durationPattern = /^(\d{1,9}(?:\.\d{1,3})?)(ms|s|m|h|d)$/

/** Milliseconds; undefined for text that is no duration. */
export const parseDuration = (text: string): number | undefined => {
  const match = durationPattern.exec(text)
  if (match === null) return undefined
  const unit = match[2] as keyof typeof millisecondsOf
  return Number(match[1]) * millisecondsOf[unit]
}
