/** The digits of events × factor: as doubles, products leave the range in which they are exact. */
export const exactProduct = (events: number, factor: number): string => {
  const simple = events * factor
  return Number.isSafeInteger(simple) ? String(simple) : String(BigInt(events) * BigInt(factor))
}
