import { expect, test } from 'vitest'
import type { Finding } from '../../src/databases/finding.js'
import { checkFindings } from '../../src/worker/check-findings.js'

const denied = (message: string): Finding => ({ level: 'error', code: 'DATABASE_DENIED', message })
const missing: Finding = { level: 'error', code: 'TABLE_MISSING', message: 'none' }
const surprise: Finding = { level: 'warning', code: 'COLUMN_TYPE', message: 'blanks' }

const check = (...findings: readonly Finding[]) => {
  const lines: string[] = []
  const line = (level: string) => (_values: object, text: string) => lines.push(`${level} ${text}`)
  let thrown: unknown
  try {
    checkFindings(findings, { error: line('error'), warn: line('warn') } as never)
  } catch (error) {
    thrown = error
  }
  return { lines, thrown }
}

test('warnings are said, and nothing is thrown', () => {
  expect(check(surprise)).toEqual({ lines: ['warn blanks'], thrown: undefined })
})

test('what waiting can mend is thrown whole and said by nobody else', () => {
  const { lines, thrown } = check(denied('one'), surprise, denied('two'))
  expect(lines).toEqual([])
  expect(thrown).toMatchObject({ code: 'DATABASE_DENIED', detail: 'one; two' })
})

test('what waiting cannot mend is not waited for, wherever it stands', () => {
  const { lines, thrown } = check(denied('one'), missing)
  expect(lines).toEqual(['error one', 'error none'])
  expect(thrown).toMatchObject({ code: 'TABLE_MISSING', detail: 'none' })
})
