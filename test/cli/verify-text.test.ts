import { expect, test } from 'vitest'
import { verifyText } from '../../src/cli/verify-text.js'
import type { BoardCheck } from '../../src/operate/verify-result.js'

const check: BoardCheck = {
  board: 'split',
  per: 'a\n\x1b[2Jb',
  status: 'stale',
  state: 'stale',
  reason: 'never confirmed',
  version: 1,
  confirmedAt: null,
  members: 1,
  digest: { redis: 'aa', table: 'bb' },
  differences: [{ member: '1', what: 'missing', redis: null, table: '{}' }],
  moving: 0,
  looks: 1,
}

test('a value of the table neither breaks a line nor moves the cursor', () => {
  const text = verifyText({ ok: false, boards: [check], heals: [] })
  expect(text).toContain('split per a\\n\\u001b[2Jb is stale: never confirmed\n')
  expect(text).toContain('split per a\\n\\u001b[2Jb as it stands, against the table of now:\n')
  expect(text.replaceAll('\n', '')).not.toMatch(/\p{Cc}/u)
})

test('of a split board with many groups that are not ok some are shown, and how many are left out', () => {
  const groups = Array.from({ length: 60 }, (_, i) => ({ ...check, per: `g${i}`, differences: [] }))
  const text = verifyText({ ok: false, boards: [{ ...check, per: 'fine', status: 'ok' }, ...groups], heals: [] })
  expect(text.match(/^split per g\d+ is stale: /gm)).toHaveLength(50)
  expect(text).not.toContain('split per fine')
  expect(text).toMatch(/^split, all 61 groups +60 not ok/m)
  expect(text).toContain('10 more that are not ok: --json lists them all')
})
