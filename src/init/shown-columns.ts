/** Which columns a board is proposed to show. Pure. */
import type { DescribedColumn, TableDescription } from '../databases/mysql/describe-table.js'

export interface ShownColumns {
  readonly shown: readonly string[]
  /** Could be shown, but are not proposed. */
  readonly others: readonly string[]
}

/** A board is public: what may be a secret or belongs to a person is for its owner to add. */
const personal =
  /pass|pwd|secret|token|salt|hash|credential|private|mail|phone|mobile|address|birth|gender|id_?card|ssn|iban|salary|(^|_)ip(_|$)/i

/** Columns that the configuration can name. */
export const writableColumn = /^(?!\d+$)[0-9A-Za-z$_\u0080-\uffff]{1,64}$/

const most = 8

/** Whether a column is short, prints alike in every time zone, and survives the way through Canal. */
const fits = ({ type, sqlType }: DescribedColumn): boolean => {
  switch (type?.kind) {
    case 'integer':
    case 'decimal':
    case 'double':
    case 'year':
    case 'enum':
      return true
    case 'text':
      return type.faithful && /^(var)?char\((\d{1,2}|1\d\d|2[0-4]\d|25[0-5])\)/i.test(sqlType)
    default:
      return false
  }
}

/** The score is always among them; the key, which is shown in any case, never is, but where it is the score itself. */
export const shownColumns = ({ columns }: TableDescription, score: string, key: readonly string[]): ShownColumns => {
  const possible = columns.filter(
    ({ name, type }) => type !== undefined && !key.includes(name) && writableColumn.test(name),
  )
  const proposed = possible.filter((column) => column.name === score || (fits(column) && !personal.test(column.name)))
  const kept = new Set([score, ...proposed.map(({ name }) => name)].slice(0, most))
  return {
    shown: possible.map(({ name }) => name).filter((name) => kept.has(name)),
    others: possible.map(({ name }) => name).filter((name) => !kept.has(name)),
  }
}
