/**
 * Who asks: the subject of a signed token, and nothing else. Only HS256 counts: a token that names another algorithm, or
 * none, is refused before its signature is looked at. Expiry, issuer and subject have to be there.
 */
import { errors, jwtVerify } from 'jose'
import { isWholeNumber } from './whole-number.js'

export interface TokenOptions {
  readonly secret: string
  readonly issuer: string
  /** ms since 1970. */
  readonly now: () => number
}

/** Least length of the secret in bytes: that of an HS256 digest, below which it would be the weaker part. */
export const leastSecret = 32

/** Answered with 401 and this challenge. The text never holds anything of the token. */
export class Unauthorized extends Error {
  readonly statusCode = 401
  readonly challenge: string

  constructor(text: string, refused: boolean) {
    super(text)
    this.name = 'Unauthorized'
    this.challenge = refused
      ? `Bearer realm="webook", error="invalid_token", error_description="${text}"`
      : 'Bearer realm="webook"'
  }
}

const refusalOf = (error: unknown, issuer: string): Unauthorized => {
  if (error instanceof errors.JWTExpired) return new Unauthorized('the token has expired', true)
  if (error instanceof errors.JOSEAlgNotAllowed) return new Unauthorized('the token is not signed with HS256', true)
  if (error instanceof errors.JWTClaimValidationFailed) {
    const { claim, reason } = error
    if (claim === 'iss') return new Unauthorized(`the token is not issued by ${issuer}`, true)
    if (reason === 'missing') return new Unauthorized(`the token has no ${claim}`, true)
    return new Unauthorized(`the ${claim} of the token does not allow it now`, true)
  }
  return new Unauthorized('the token is not one of ours', true)
}

/** Reads the value of an Authorization header; resolves to the user's id. Rejects with Unauthorized. */
export const tokenReader = ({ secret, issuer, now }: TokenOptions) => {
  const key = new TextEncoder().encode(secret)
  return async (authorization: string | undefined): Promise<string> => {
    if (authorization === undefined) throw new Unauthorized('a token is needed: Authorization: Bearer TOKEN', false)
    const token = /^Bearer +([\w.~+/=-]+) *$/i.exec(authorization)?.[1]
    if (token === undefined) throw new Unauthorized('the form is: Authorization: Bearer TOKEN', true)
    const subject = await jwtVerify(token, key, {
      algorithms: ['HS256'],
      issuer,
      requiredClaims: ['exp', 'iss', 'sub'],
      currentDate: new Date(now()),
    }).then(
      ({ payload }) => payload.sub,
      (error: unknown) => Promise.reject(refusalOf(error, issuer)),
    )
    if (typeof subject === 'string' && isWholeNumber(subject)) return subject
    throw new Unauthorized('the sub of the token is no user id', true)
  }
}
