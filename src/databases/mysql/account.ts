/** Who a session is to the server, which names grants: not always the user of the URL, and never without a host part. */
import type { Session } from './connection.js'

/** As a GRANT takes it: `'ranktide'@'%'`. */
export const readAccount = async (session: Session): Promise<string> => {
  const { rows } = await session.query('asking for the account', 'SELECT CURRENT_USER()')
  const [account] = rows[0] ?? []
  return quoteAccount(account ?? '')
}

/** `user@host`; the user may hold an `@` itself, the host cannot. */
export const quoteAccount = (account: string): string => {
  const at = account.lastIndexOf('@')
  const [user, host] = at < 0 ? [account, '%'] : [account.slice(0, at), account.slice(at + 1)]
  return `${sqlText(user)}@${sqlText(host)}`
}

const sqlText = (text: string): string => `'${text.replaceAll('\\', '\\\\').replaceAll("'", "''")}'`
