/**
 * A table for the terminal: no borders, two spaces between columns, columns of numbers to the right; as wide as what it
 * holds, where a Chinese character takes two places. Plain text whatever it is written to.
 */
import Table from 'cli-table3'

const noBorders = {
  top: '',
  'top-mid': '',
  'top-left': '',
  'top-right': '',
  bottom: '',
  'bottom-mid': '',
  'bottom-left': '',
  'bottom-right': '',
  left: '',
  'left-mid': '',
  mid: '',
  'mid-mid': '',
  right: '',
  'right-mid': '',
  middle: '  ',
}

const isNumber = (cell: string): boolean => /^[+-]?\d[\d,.]*%?$/.test(cell)

const escapes: Readonly<Record<string, string>> = { '\n': '\\n', '\r': '\\r', '\t': '\\t' }

/** Values come from tables and topics: what would move the cursor or colour the screen is shown as an escape. */
export const printable = (cell: string): string =>
  cell.replaceAll(
    /\p{Cc}/gu,
    (control) => escapes[control] ?? `\\u${control.charCodeAt(0).toString(16).padStart(4, '0')}`,
  )

/** The heads, then a line a row; every line ends in `\n`. A row that is shorter than the heads ends in empty cells. */
export const textTable = (heads: readonly string[], rows: readonly (readonly string[])[]): string => {
  const cells = rows.map((row) => heads.map((_, column) => printable(row[column] ?? '')))
  const isNumeric = (column: number): boolean => {
    const filled = cells.flatMap((row) => (row[column] === '' || row[column] === '-' ? [] : [row[column] ?? '']))
    return filled.length > 0 && filled.every(isNumber)
  }
  const table = new Table({
    head: [...heads],
    chars: noBorders,
    colAligns: heads.map((_, column) => (isNumeric(column) ? 'right' : 'left')),
    style: { 'padding-left': 0, 'padding-right': 0, head: [], border: [] },
  })
  table.push(...cells)
  return table
    .toString()
    .split('\n')
    .map((line) => `${line.trimEnd()}\n`)
    .join('')
}
