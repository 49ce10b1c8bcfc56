import { describe, expect, it } from 'vitest'
import { textTable } from '../../src/cli/text-table.js'

describe('textTable', () => {
  it('puts two spaces between columns, and numbers to the right', () => {
    const rows = [
      ['likes', '10', 'exact'],
      ['reads', '100', ''],
    ]
    expect(textTable(['BOARD', 'ROWS', 'STATE'], rows)).toBe('BOARD  ROWS  STATE\nlikes    10  exact\nreads   100\n')
  })

  it('gives a Chinese character two places', () => {
    const rows = [
      ['热榜', 'exact'],
      ['hot', 'stale'],
    ]
    expect(textTable(['榜', '状态'], rows)).toBe('榜    状态\n热榜  exact\nhot   stale\n')
  })

  it('shows what would move the cursor as an escape, so that a row stays a line', () => {
    expect(textTable(['KEY'], [['a\nb\n'], ['\x1b[31mred'], ['\x7f\x9b']])).toBe(
      'KEY\na\\nb\\n\n\\u001b[31mred\n\\u007f\\u009b\n',
    )
  })

  it('prints the heads of a table without rows, and fills rows that are short', () => {
    expect(textTable(['A', 'B'], [])).toBe('A  B\n')
    expect(textTable(['A', 'B'], [['x']])).toBe('A  B\nx\n')
  })
})
