/** Least and most of a type that holds whole numbers, by how `format_type` writes it; undefined for every other type. */
export interface IntegerRange {
  readonly least: bigint
  readonly most: bigint
}

const powers: ReadonlyMap<string, bigint> = new Map([
  ['smallint', 15n],
  ['integer', 31n],
  ['bigint', 63n],
])

export const integerRange = (sqlType: string): IntegerRange | undefined => {
  const power = powers.get(sqlType)
  if (power !== undefined) return { least: -(2n ** power), most: 2n ** power - 1n }
  const [, precision, scale = '0'] = /^numeric(?:\((\d+),(-?\d+)\))?$/.exec(sqlType) ?? []
  // As declared without limits it holds 131,072 digits; a negative scale rounds whole numbers.
  if (sqlType === 'numeric') return { least: -(10n ** 131_072n) + 1n, most: 10n ** 131_072n - 1n }
  if (precision === undefined || Number(scale) < 0) return undefined
  const digits = Number(precision) - Number(scale)
  const most = digits <= 0 ? 0n : 10n ** BigInt(digits) - 1n
  return { least: -most, most }
}

/** `smallint, from -32768 to 32767` */
export const rangeText = (sqlType: string): string => {
  const range = sqlType === 'numeric' ? undefined : integerRange(sqlType)
  return range === undefined ? sqlType : `${sqlType}, from ${range.least} to ${range.most}`
}
