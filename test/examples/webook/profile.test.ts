import { describe, expect, test } from 'vitest'
import { readProfile } from '../../../examples/webook/profile.js'
import { Refusal } from '../../../src/http/envelope.js'

const today = '2026-11-20'
const whole = { nickname: 'Ann', birthday: '2000-02-29', about: 'hello\nworld' }

const refusal = (body: unknown): string => {
  try {
    return `accepted as ${JSON.stringify(readProfile(body, today))}`
  } catch (error) {
    return error instanceof Refusal && error.statusCode === 400 ? error.message : `threw ${error}`
  }
}

const nicknameAllowed = '1 to 24 characters on one line, without spaces at either end'
const birthdayAllowed = 'a day from 1900-01-01 to yesterday, as YYYY-MM-DD, or null'
const aboutAllowed = 'at most 200 characters, or null'

describe('a profile', () => {
  test('is taken as it is', () => {
    expect(readProfile(whole, today)).toEqual(whole)
  })

  test('what is left out is empty', () => {
    expect(readProfile({ nickname: 'A' }, today)).toEqual({ nickname: 'A', birthday: null, about: '' })
  })

  test('lengths count characters, not UTF-16 units', () => {
    const nickname = '🦊'.repeat(24)
    expect(readProfile({ nickname, about: '🦊'.repeat(200) }, today).nickname).toBe(nickname)
    expect(refusal({ nickname: '🦊'.repeat(25) })).toBe(`nickname is "${'🦊'.repeat(25)}"; allowed: ${nicknameAllowed}`)
    expect(refusal({ nickname: '🦊'.repeat(70) })).toContain(`nickname is "${'🦊'.repeat(59)}…; allowed`)
  })

  test.each([
    [{}, `nickname is missing; allowed: ${nicknameAllowed}`],
    [{ nickname: '' }, `nickname is ""; allowed: ${nicknameAllowed}`],
    [{ nickname: ' Ann' }, `nickname is " Ann"; allowed: ${nicknameAllowed}`],
    [{ nickname: 'A\nnn' }, `nickname is "A\\nnn"; allowed: ${nicknameAllowed}`],
    [{ nickname: 7 }, `nickname is 7; allowed: ${nicknameAllowed}`],
    [{ nickname: '\ud800' }, `nickname is "\\ud800"; allowed: ${nicknameAllowed}`],
    [{ ...whole, about: 'x\u0000' }, `about is "x\\u0000"; allowed: ${aboutAllowed}`],
    [{ ...whole, uid: '8' }, 'uid is no field of a profile; allowed: nickname, birthday, about'],
    [[], 'the body is []; allowed: a JSON object of nickname, birthday, about'],
    [null, 'the body is null; allowed: a JSON object of nickname, birthday, about'],
    [undefined, 'the body is missing; allowed: a JSON object of nickname, birthday, about'],
    ['x', 'the body is "x"; allowed: a JSON object of nickname, birthday, about'],
  ])('%j is refused', (body, text) => {
    expect(refusal(body)).toBe(text)
  })

  test.each(['2026-11-20', '2030-01-01', '1899-12-31', '2001-02-29', '2000-13-01', '2000-00-10', '2000-1-1', '', 7])(
    'the birthday %j is refused',
    (birthday) => {
      expect(refusal({ ...whole, birthday })).toBe(
        `birthday is ${JSON.stringify(birthday)}; allowed: ${birthdayAllowed}`,
      )
    },
  )

  test.each(['2026-11-19', '1900-01-01', '2000-02-29', null])('the birthday %j is taken', (birthday) => {
    expect(readProfile({ ...whole, birthday }, today).birthday).toBe(birthday)
  })

  test('the longest texts are taken, one more is refused', () => {
    expect(readProfile({ nickname: 'n'.repeat(24), about: 'a'.repeat(200) }, today).about).toHaveLength(200)
    expect(refusal({ nickname: 'n'.repeat(25) })).toContain(nicknameAllowed)
    expect(refusal({ nickname: 'n', about: 'a'.repeat(201) })).toContain(`…; allowed: ${aboutAllowed}`)
  })

  test('all faults are told at once', () => {
    expect(refusal({ nickname: '', birthday: 'x', about: 1 })).toBe(
      `nickname is ""; allowed: ${nicknameAllowed}. birthday is "x"; allowed: ${birthdayAllowed}. about is 1; allowed: ${aboutAllowed}`,
    )
  })
})
