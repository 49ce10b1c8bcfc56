const bytesOf: Readonly<Record<string, bigint>> = { tinyint: 1n, smallint: 2n, mediumint: 3n, int: 4n, bigint: 8n }

export interface IntegerRange {
  readonly least: bigint
  readonly most: bigint
}

/** From COLUMN_TYPE: `bigint(20) unsigned`. Undefined for what is no integer. */
export const integerRange = (sqlType: string): IntegerRange | undefined => {
  const bytes = bytesOf[/^[a-z]+/i.exec(sqlType)?.[0].toLowerCase() ?? '']
  if (bytes === undefined) return undefined
  const values = 2n ** (8n * bytes)
  return /\bunsigned\b/i.test(sqlType)
    ? { least: 0n, most: values - 1n }
    : { least: -values / 2n, most: values / 2n - 1n }
}
