/** What a range says of itself where it does not hold everything: never `exact`. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { nothingRead } from '../../src/replay/range-base.js'
import { rangeReasons } from '../../src/replay/range-reasons.js'
import { canalMessage, ddlMessage, es, scoresBoard } from '../support/canal-messages.js'
import { type FileRange, replayedFile } from '../support/replayed-file.js'

const folder = mkdtempSync(join(tmpdir(), 'ranktide-range-status-'))
afterAll(() => rmSync(folder, { recursive: true }))

interface Line {
  readonly partition?: number
  readonly offset: number
  readonly value: Uint8Array
}

let files = 0
const replay = async (lines: readonly Line[], range: Pick<FileRange, 'from' | 'to'> = {}, before = nothingRead()) => {
  files += 1
  const path = join(folder, `${files}.jsonl`)
  const texts = lines.map(({ partition = 0, offset, value }, i) =>
    JSON.stringify({
      topic: 't',
      partition,
      offset,
      timestamp: es + 10_000_000 + i,
      key: null,
      value: Buffer.from(value).toString('utf8'),
    }),
  )
  writeFileSync(path, texts.join('\n'))
  const { boards, state, status } = await replayedFile(path, scoresBoard, { ...range, before })
  const members = boards[0]?.entries.map(({ member, score }) => [member, score])
  return { ...status, state, told: status.state, members }
}

const row = (id: number, score: number, more: object = {}): Uint8Array =>
  canalMessage({ data: [{ id: String(id), score: String(score), name: 'x' }], ...more })
const truncate = ddlMessage('TRUNCATE', 'TRUNCATE TABLE scores')

describe('partitions that are left out', () => {
  it('are missing after a TRUNCATE, too', async () => {
    const lines = [
      { offset: 0, value: row(1, 5) },
      { partition: 1, offset: 0, value: row(2, 6) },
      { offset: 1, value: truncate },
      { partition: 1, offset: 1, value: row(3, 9) },
      { offset: 2, value: row(4, 1) },
    ]
    const { told, reason } = await replay(lines, { from: '0:0' })
    expect([told, reason]).toEqual(['assumed', 'without t/1: rows that were written there are not in it'])
  })

  it('leave nothing to be said of where the range begins, which a TRUNCATE made up for', () => {
    const range = { from: new Map([['t/0', 3]]), to: new Map([['t/0', 9]]), unread: ['t/1'], offsets: true }
    const { before, always } = rangeReasons(range, true)
    expect(always).toEqual(['without t/1: rows that were written there are not in it'])
    expect(before).toHaveLength(1)
  })
})

describe('offsets that a file does not have', () => {
  it('may have held rows', async () => {
    const lines = [0, 1, 5].map((offset) => ({ offset, value: row(offset + 1, offset) }))
    const { told, reason } = await replay(lines)
    expect([told, reason]).toEqual(['assumed', 'the file has no offsets 2 to 4 of t/0'])
    expect((await replay(lines.slice(0, 2))).told).toBe('exact')
  })

  it('are of no interest outside the range', async () => {
    const lines = [0, 1, 5].map((offset) => ({ offset, value: row(offset + 1, offset) }))
    expect((await replay(lines, { to: '1' })).told).toBe('exact')
  })
})

describe('a range that ends while what was sent before is being sent again', () => {
  const hour = 3_600_000
  const sent = [
    { offset: 0, value: row(1, 5, { id: 90, es }) },
    { offset: 1, value: row(1, 9, { id: 91, es: es + hour }) },
    { offset: 2, value: row(1, 5, { id: 1, es }) },
    { offset: 3, value: row(1, 9, { id: 2, es: es + hour }) },
    { offset: 4, value: row(2, 1, { id: 3, es: es + hour + 1_000 }) },
  ]

  it('is of no time at all', async () => {
    const { told, reason, members } = await replay(sent.slice(0, 3))
    expect(members).toEqual([['1', '5']])
    expect([told, reason]).toEqual(['assumed', 'ends while t/0 is being sent again: rows may be older than they were'])
  })

  it('until what comes is newer than all that was sent before', async () => {
    expect((await replay(sent.slice(0, 4))).told).toBe('assumed')
    expect((await replay(sent)).told).toBe('exact')
  })

  it('also where it was interrupted meanwhile', async () => {
    const first = await replay(sent.slice(0, 3))
    expect((await replay(sent.slice(0, 3), {}, first.state)).told).toBe('assumed')
    expect((await replay(sent, {}, first.state)).told).toBe('exact')
  })
})
