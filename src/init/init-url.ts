/** What `ranktide init` is told on its command line, checked. Pure; sentences never repeat a URL, which holds a password. */
import { RanktideError } from '../core/errors.js'
import { parseDatabaseUrl } from '../databases/mysql/database-url.js'
import { brokersPattern } from '../runtime/address-pattern.js'
import { namesSecret } from '../runtime/secrets.js'

/**
 * The URL to ask, with `password` where it has none. Fails with CONFIG_INVALID.
 * A password that the shell has put into the URL unencoded ends the host early; then the URL has no user.
 */
export const databaseUrlOf = (text: string, password: string | undefined): string => {
  if (/^postgres(ql)?:/i.test(text))
    throw new RanktideError('CONFIG_INVALID', 'postgres:// is not supported yet: mysql:// is, for MySQL and MariaDB')
  if (/^mariadb:/i.test(text)) return databaseUrlOf(text.replace(/^mariadb:/i, 'mysql:'), password)
  const { user, password: own } = parseDatabaseUrl(text)
  if (user === '') {
    const detail =
      'the database URL names no user: mysql://user:password@host:port/database, special characters encoded'
    throw new RanktideError('CONFIG_INVALID', detail)
  }
  const url = new URL(text)
  if (own === '' && password !== undefined) url.password = password
  return url.href
}

/** A Redis URL with variables where it held secrets; they may be left empty, which Redis takes for no login. */
export const redisUrlOf = (text: string): string => {
  if (!/^rediss?:\/\/[^\s/]/.test(text) || !URL.canParse(text))
    throw new RanktideError(
      'CONFIG_INVALID',
      '--redis has the form redis://host:port or rediss://user:password@host:port/db',
    )
  const url = new URL(text)
  const user = url.username === '' ? 'default' : url.username
  const login = url.password === '' ? (url.username === '' ? '' : `${url.username}@`) : `${user}:\${REDIS_PASSWORD:-}@`
  const query = [...url.searchParams].map(([name, value]) =>
    namesSecret(name)
      ? `${encodeURIComponent(name)}=\${REDIS_PASSWORD:-}`
      : `${encodeURIComponent(name)}=${encodeURIComponent(value)}`,
  )
  return `${url.protocol}//${login}${url.host}${url.pathname}${query.length === 0 ? '' : `?${query.join('&')}`}`
}

const topicName = /^(?!\.{1,2}$)[\w.-]{1,249}$/

/** Fails with CONFIG_INVALID for what the configuration would refuse. */
export const checkWords = (brokers: string | undefined, topic: string | undefined): void => {
  if (brokers !== undefined && !brokersPattern.test(brokers))
    throw new RanktideError('CONFIG_INVALID', '--kafka is host:port of a broker, or several separated by commas')
  if (topic !== undefined && !topicName.test(topic))
    throw new RanktideError('CONFIG_INVALID', '--topic is a topic of up to 249 letters, digits, ".", "_", "-"')
}
