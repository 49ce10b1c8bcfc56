import { describe, expect, test } from 'vitest'
import { type TokenOptions, tokenReader, type Unauthorized } from '../../../examples/webook/tokens.js'
import { issuer, now, secret, token } from './fakes.js'

const userOf = tokenReader({ secret, issuer, now: () => now } satisfies TokenOptions)

const refusal = (authorization: string | undefined): Promise<string> =>
  userOf(authorization).then(
    (uid) => `accepted as ${uid}`,
    (error: Unauthorized) => `${error.message} | ${error.challenge}`,
  )

const encoded = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url')

const refused = (text: string): string =>
  `${text} | Bearer realm="webook", error="invalid_token", error_description="${text}"`

describe('a token', () => {
  test('names the user, exactly', async () => {
    expect(await userOf(`Bearer ${await token({ sub: '18446744073709551615' })}`)).toBe('18446744073709551615')
  })

  test('the scheme is written in any case', async () => {
    expect(await userOf(`bearer ${await token()}`)).toBe('7')
  })

  test('missing: a challenge without an error', async () => {
    expect(await refusal(undefined)).toBe('a token is needed: Authorization: Bearer TOKEN | Bearer realm="webook"')
  })

  test.each(['Basic dTpw', 'Bearer', 'Bearer a b', 'Bearer "x"'])('%s: the form is told', async (authorization) => {
    expect(await refusal(authorization)).toBe(refused('the form is: Authorization: Bearer TOKEN'))
  })

  test.each([
    ['expired', { exp: now / 1000 - 1 }, 'the token has expired'],
    ['expiring now', { exp: now / 1000 }, 'the token has expired'],
    ['without an end', { exp: null }, 'the token has no exp'],
    ['of another issuer', { iss: 'elsewhere' }, 'the token is not issued by webook'],
    ['signed by somebody else', { secret: 'another secret of thirty-two bytes' }, 'the token is not one of ours'],
    ['signed with HS512', { alg: 'HS512', secret: secret.repeat(2) }, 'the token is not signed with HS256'],
    ['without a subject', { sub: '' }, 'the token has no sub'],
    ['whose subject is no id', { sub: 'ann' }, 'the sub of the token is no user id'],
    ['whose subject is too large', { sub: '18446744073709551616' }, 'the sub of the token is no user id'],
    ['whose subject is written in two ways', { sub: '07' }, 'the sub of the token is no user id'],
  ])('%s is refused', async (_name, claims, text) => {
    expect(await refusal(`Bearer ${await token(claims)}`)).toBe(refused(text))
  })

  test('with the algorithm none is refused, whatever stands for a signature', async () => {
    const unsigned = `${encoded({ alg: 'none' })}.${encoded({ sub: '7', iss: issuer, exp: now / 1000 + 60 })}`
    const signature = (await token()).split('.')[2]
    expect(await refusal(`Bearer ${unsigned}.`)).toBe(refused('the token is not signed with HS256'))
    expect(await refusal(`Bearer ${unsigned}.${signature}`)).toBe(refused('the token is not signed with HS256'))
  })

  test('whose claims were changed is refused', async () => {
    const [header, , signature] = (await token()).split('.')
    const claims = encoded({ sub: '8', iss: issuer, exp: now / 1000 + 60 })
    expect(await refusal(`Bearer ${header}.${claims}.${signature}`)).toBe(refused('the token is not one of ours'))
  })
})
