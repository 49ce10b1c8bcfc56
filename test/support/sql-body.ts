/**
 * What `GET /boards/NAME` must answer, made by the SELECT that the board stands for: no code of the worker takes part,
 * so numbers are turned into JSON by the rules of the README alone.
 */
import type { Connection, RowDataPacket, TypeCastField, TypeCastNext } from 'mysql2/promise'

const integers = new Set(['TINY', 'SHORT', 'INT24', 'LONG', 'LONGLONG', 'YEAR'])

/** Integers as numbers while they fit 2^53, else as text; decimals as numbers if they round-trip. */
const jsonValue = (field: TypeCastField, next: TypeCastNext): unknown => {
  if (integers.has(field.type)) {
    const text = field.string()
    return text === null || !Number.isSafeInteger(Number(text)) ? text : Number(text)
  }
  if (field.type !== 'NEWDECIMAL') return next()
  const text = field.string()
  if (text === null) return null
  const plain = text.includes('.') ? text.replace(/0+$/, '').replace(/\.$/, '') : text
  return String(Number(plain)) === plain ? Number(plain) : plain
}

export const sqlRows = async (connection: Connection, select: string): Promise<readonly RowDataPacket[]> => {
  const [rows] = await connection.query<RowDataPacket[]>({ sql: select, typeCast: jsonValue })
  return rows
}

/** The whole body; the SELECT names the columns as the board shows them. */
export const sqlBody = async (connection: Connection, select: string): Promise<string> =>
  JSON.stringify({ code: 200, msg: '查询成功', data: await sqlRows(connection, select) })
