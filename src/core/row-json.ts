/**
 * A row as readers get it: `{"id":78,"biz_id":11,…}`, the key first, then the columns as configured, and `score` last
 * when the score is none of them. The same text is the value in the rows hash and the element of the HTTP body.
 */
import type { BoardSpec } from './board-spec.js'
import type { ColumnType, Image, Value } from './table.js'

const jsonValue = (type: ColumnType, value: Value): string => {
  if (value === null) return 'null'
  switch (type.kind) {
    case 'integer':
    case 'bit':
    case 'year':
      return Number.isSafeInteger(Number(value)) ? value : JSON.stringify(value)
    case 'decimal':
    case 'double':
    case 'float':
      // A number only if reading it as a double gives the same text again: no reader is told a rounded value.
      return String(Number(value)) === value ? value : JSON.stringify(value)
    case 'bytes':
      return JSON.stringify(btoa(value))
    default:
      return JSON.stringify(value)
  }
}

/**
 * The columns that are shown, by position in `table.columns`; the score is appended if it is none of them. `exact`: the
 * exact text of the row's score.
 */
export const rowJson = (spec: BoardSpec, image: Image, exact: string): string => {
  const { score, display } = spec
  const fields = display.map((position) => field(spec, position, spec.table.columns[position]?.name ?? '', image))
  if (score.kind === 'expression') fields.push(`"score":${jsonValue({ kind: 'double' }, exact)}`)
  else if (!display.includes(score.column)) fields.push(field(spec, score.column, 'score', image))
  // Joined, not concatenated: what a board keeps by the thousand should be one flat string.
  return ['{', fields.join(','), '}'].join('')
}

const field = (spec: BoardSpec, position: number, name: string, image: Image): string => {
  const column = spec.table.columns[position]
  return `${JSON.stringify(name)}:${column === undefined ? 'null' : jsonValue(column.type, image[position] ?? null)}`
}

/** The exact score in a row's JSON; undefined when the text is not a row of this board. */
export const exactScoreIn = (spec: BoardSpec, json: string): string | undefined => {
  const { score, display, table } = spec
  const shown = score.kind === 'column' && display.includes(score.column) ? table.columns[score.column] : undefined
  const name = shown?.name ?? 'score'
  try {
    const row: unknown = JSON.parse(json)
    if (typeof row !== 'object' || row === null) return undefined
    const value: unknown = Object.getOwnPropertyDescriptor(row, name)?.value
    return typeof value === 'number' || typeof value === 'string' ? String(value) : undefined
  } catch {
    return undefined
  }
}
