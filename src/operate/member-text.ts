/** Keys as people write them: the member as Redis has it, `78` or `article:3`, or `id=78`, `biz=article,biz_id=3`. */
import { RanktideError } from '../core/errors.js'
import { memberOf, partsOf } from '../core/member.js'
import { nearestName } from '../core/nearest-name.js'
import type { Column, TableShape, Value } from '../core/table.js'
import { splitValue, splitValueText } from '../worker/split-values.js'

const keyColumns = ({ columns, key }: TableShape): readonly Column[] =>
  key.flatMap((position) => columns[position] ?? [])

/** CONFIG_INVALID, with what is allowed, for what can be no key of the table. */
export const memberFromText = (table: TableShape, text: string): string => {
  const columns = keyColumns(table)
  const parts = namedParts(columns, text) ?? partsOf(table, text)
  if (parts.length !== columns.length) throw invalid(columns, text, `it has ${parts.length} parts`)
  const image = table.columns.map((): Value => null)
  for (const [i, column] of columns.entries()) {
    const part = parts[i] ?? ''
    const value = splitValue(column.type, part)
    if (value === undefined)
      throw invalid(
        columns,
        text,
        `${column.name} cannot be ${JSON.stringify(part)}, but ${splitValueText(column.type)}`,
      )
    image[table.key[i] ?? -1] = value
  }
  return memberOf(table, image) ?? ''
}

/** In the order of the key; undefined: no columns are named. */
const namedParts = (columns: readonly Column[], text: string): readonly string[] | undefined => {
  const [, first] = /^([^=,]+)=/.exec(text) ?? []
  if (first === undefined) return undefined
  const names = columns.map(({ name }) => name)
  if (!names.includes(first.trim())) {
    // A text may hold a `=`; what is a number, for one, cannot.
    if (columns.length === 1 && columns[0]?.type.kind === 'text') return undefined
    const near = nearestName(first.trim(), names)
    throw invalid(
      columns,
      text,
      `${first.trim()} is no column of the key${near === undefined ? '' : `; did you mean ${near}?`}`,
    )
  }
  const values = new Map<string, string>()
  // A comma begins the next column only where the name of one follows.
  let name = ''
  for (const piece of text.split(',')) {
    const at = piece.indexOf('=')
    const begins = at < 0 ? undefined : names.find((one) => one === piece.slice(0, at).trim())
    if (begins === undefined) values.set(name, `${values.get(name) ?? ''},${piece}`)
    else {
      if (values.has(begins)) throw invalid(columns, text, `${begins} is named twice`)
      name = begins
      values.set(name, piece.slice(at + 1))
    }
  }
  const missing = names.filter((one) => !values.has(one))
  if (missing.length > 0) throw invalid(columns, text, `${missing.join(' and ')} is missing`)
  return names.map((one) => values.get(one) ?? '')
}

const invalid = (columns: readonly Column[], text: string, why: string): RanktideError => {
  const names = columns.map(({ name }) => name)
  const named = names.map((name) => `${name}=…`).join(',')
  const form = names.length === 1 ? `a value of ${names[0]}, or ${named}` : `${names.join(':')}, or ${named}`
  return new RanktideError(
    'CONFIG_INVALID',
    `ranktide explain: the key ${JSON.stringify(text)}: ${why}; allowed: ${form}`,
  )
}
