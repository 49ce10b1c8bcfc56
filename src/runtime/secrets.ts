/** What must never reach a log or an error message: passwords in URLs, and values whose key names a secret. */

export const hidden = '***'

const secretName = /pass|secret|token|credential|jaas|pem$|private|oauthbearer/i

/** Whether a key such as `sasl.password` holds a secret, so that its value may not be shown. */
export const namesSecret = (key: string): boolean => secretName.test(key)

/** A user and password before an `@`, in a URL whose scheme is spelled right. The password may hold `@`, `:` and `/`. */
const userAndPassword = /([a-z][a-z0-9+.-]*:\/\/)([^:@/\s]*):\S*@/gi
const passwordParameter = /([?&][^=&\s]*(?:pass|secret|token)[^=&\s]*=)[^&\s]+/gi

/** The text with the passwords of all URLs in it replaced. Made for messages of libraries, which may quote a URL. */
export const hidePasswords = (text: string): string =>
  text.replace(userAndPassword, `$1$2:${hidden}@`).replace(passwordParameter, `$1${hidden}`)

/**
 * As `hidePasswords`, for a value that should have been a URL but may be misspelt: where the scheme cannot be told,
 * everything before the last `@` goes.
 */
export const hideCredentials = (value: string): string => {
  const masked = hidePasswords(value)
  if (masked !== value || !value.includes('@')) return masked
  return /^[a-z][a-z0-9+.-]*:\/\/[^:@]*@/i.test(value) ? value : `${hidden}@${value.slice(value.lastIndexOf('@') + 1)}`
}
