// Files of recorded messages: what is read of them, and what is refused with file and line.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { lastValueFrom, tap, toArray } from 'rxjs'
import { afterAll, describe, expect, it } from 'vitest'
import type { Positions } from '../../src/core/positions.js'
import { linesOfFile } from '../../src/sources/lines-of-file.js'
import { RecordedFile } from '../../src/sources/recorded-file.js'
import { RecordedRange } from '../../src/sources/recorded-range.js'
import { offsetSpec } from '../support/replayed-file.js'

const folder = mkdtempSync(join(tmpdir(), 'ranktide-recorded-'))
afterAll(() => rmSync(folder, { recursive: true }))
let files = 0
const fileOf = (content: string | Buffer): string => {
  files += 1
  const path = join(folder, `${files}.jsonl`)
  writeFileSync(path, content)
  return path
}

const record = (partition: number, offset: number, more: object = {}): string =>
  JSON.stringify({ topic: 't', partition, offset, timestamp: 1_000 + offset, key: null, value: `v${offset}`, ...more })

const read = async (
  content: string | Buffer,
  { from = 'beginning', to = 'end', topics, start = new Map() }: ReadWords = {},
) => {
  const path = fileOf(content)
  const range = new RecordedRange(offsetSpec(from), offsetSpec(to))
  const file = new RecordedFile({ path, range, topics, topic: 'bare' })
  const batches$ = file.batches(start).pipe(tap(({ release }) => release()))
  const batches = await lastValueFrom(batches$.pipe(toArray()))
  const messages = batches.flatMap((batch) => batch.messages)
  const told = messages.map(({ topic, partition, offset, value }) => {
    return `${topic}/${partition}:${offset}=${value === null ? 'null' : Buffer.from(value).toString()}`
  })
  return { told, positions: batches.at(-1)?.positions, range, messages }
}

interface ReadWords {
  readonly from?: string
  readonly to?: string
  readonly topics?: readonly string[]
  readonly start?: Positions
}

const resolvedOf = ({ range }: { range: RecordedRange }) => {
  const { from, to } = range.resolved
  return [Object.fromEntries(from), Object.fromEntries(to)]
}

describe('records', () => {
  it('come as they stand, whatever their order between partitions', async () => {
    const lines = [record(0, 4), record(1, 0, { value: null }), record(0, 6, { key: 'k', extra: 1 })]
    const found = await read(`${lines.join('\n')}\n`)
    expect(found.told).toEqual(['t/0:4=v4', 't/1:0=null', 't/0:6=v6'])
    expect(found.messages[2]?.key).toEqual(Buffer.from('k'))
    expect(resolvedOf(found)).toEqual([
      { 't/0': 4, 't/1': 0 },
      { 't/0': 7, 't/1': 1 },
    ])
  })

  it('may be compressed, end without a line end, hold empty lines and carriage returns, and be in base64', async () => {
    const bytes = Buffer.from([0xff, 0, 10]).toString('base64')
    const text = `${record(0, 0)}\r\n\n${record(0, 1, { encoding: 'base64', value: bytes })}`
    const found = await read(gzipSync(text))
    expect(found.messages.map(({ value }) => value && [...value])).toEqual([[...Buffer.from('v0')], [0xff, 0, 10]])
  })

  it('are cut to a range by offsets, by partition and by times', async () => {
    const lines = [0, 1, 2, 3, 4, 5].flatMap((offset) => [record(0, offset), record(1, offset)]).join('\n')
    expect((await read(lines, { from: '2', to: '3' })).told).toEqual(['t/0:2=v2', 't/1:2=v2'])
    const byPartition = await read(lines, { from: 't/1:4', to: 'end' })
    expect(byPartition.told).toEqual(['t/1:4=v4', 't/1:5=v5'])
    expect(resolvedOf(byPartition)).toEqual([{ 't/1': 4 }, { 't/1': 6 }])
    const byTime = await read(lines, { from: '1970-01-01T00:00:01.001Z', to: '1970-01-01T00:00:01.003Z' })
    expect(byTime.told).toEqual(['t/0:1=v1', 't/1:1=v1', 't/0:2=v2', 't/1:2=v2'])
    expect(resolvedOf(byTime)).toEqual([
      { 't/0': 1, 't/1': 1 },
      { 't/0': 3, 't/1': 3 },
    ])
    expect((await read(lines, { from: 'end' })).told).toEqual([])
  })

  it('go on from where a reading was interrupted', async () => {
    const lines = [record(0, 0), record(1, 0), record(0, 1), record(1, 1)].join('\n')
    const found = await read(lines, {
      start: new Map([
        ['t/0', 1],
        ['t/1', 2],
      ]),
    })
    expect(found.told).toEqual(['t/0:1=v1'])
    expect(found.positions).toEqual(
      new Map([
        ['t/0', 2],
        ['t/1', 2],
      ]),
    )
  })

  it('of other topics are passed over where topics are named', async () => {
    const lines = [record(0, 0), record(0, 0, { topic: 'u' })].join('\n')
    expect((await read(lines, { topics: ['u'] })).told).toEqual(['u/0:0=v0'])
    await expect(read(lines, { topics: ['x'] })).rejects.toMatchObject({
      code: 'RECORDED_FILE',
      detail: expect.stringMatching(/has no message of x; it has t, u$/),
    })
  })
})

describe('bare messages', () => {
  const message = (id: number) => `{"database":"d","table":"t","id":${id}}`

  it('stand in one partition, and their line is their place', async () => {
    const found = await read([1, 2, 3].map(message).join('\n'), { from: '1' })
    expect(found.told).toEqual([`bare/0:1=${message(2)}`, `bare/0:2=${message(3)}`])
  })

  it('that are cut off are refused with their line', async () => {
    await expect(read(`${message(1)}\n{"database":"d","ta`)).rejects.toMatchObject({
      detail: expect.stringMatching(/jsonl:2: is not one JSON object$/),
    })
  })
})

describe('broken files are refused with file and line', () => {
  it.each([
    [`${record(0, 0)}\n{"topic":"t","par`, /:2: is not JSON; was the file cut off\?$/],
    [`${record(0, 3)}\n${record(0, 3)}`, /:2: offset 3 of t\/0 comes after 3: they have to rise$/],
    ['[1]', /:1: is not one JSON object$/],
    ['{"a":1}', /:1: is neither a record \(topic, .*\) nor a message of Canal$/],
    [record(0, 0, { value: { id: 1 } }), /:1: has a "value" that is neither a string nor null: write/],
    [record(0, 0, { topic: '' }), /:1: has no "topic"$/],
    [record(-1, 0), /:1: has no "partition" that is a whole number from 0$/],
    [record(0, 0.5), /:1: has no "offset" that is a whole number from 0$/],
    [record(0, 0, { timestamp: 'now' }), /:1: has a "timestamp" that is not a whole number/],
    [record(0, 0, { encoding: 'hex' }), /:1: has an "encoding"; allowed: "base64", or none$/],
    [record(0, 0, { key: 1 }), /:1: has a "key" that is neither a string nor null$/],
  ])('%s', async (content, sentence) => {
    await expect(read(content)).rejects.toMatchObject({
      code: 'RECORDED_FILE',
      detail: expect.stringMatching(sentence),
    })
  })

  it('a compressed file that was cut off', async () => {
    const lines = Array.from({ length: 500 }, (_, i) => record(0, i)).join('\n')
    await expect(read(gzipSync(lines).subarray(0, -40))).rejects.toMatchObject({
      code: 'RECORDED_FILE',
      detail: expect.stringMatching(/unexpected end of file/),
    })
  })
})

describe('places that a file does not have', () => {
  const lines = [record(0, 2), record(0, 3)].join('\n')
  const resolving = async (words: ReadWords) => resolvedOf(await read(lines, words))

  it.each([
    [{ from: '1' }, '--from: 1 is not in the file, which has 2 to 4 of t/0'],
    [{ to: '5' }, '--to: 5 is not in the file, which has 2 to 4 of t/0'],
    [{ from: '4', to: '3' }, '--from: 4 is after --to 3 in t/0; turn them round'],
    [{ from: '1:3' }, '--from: the file has no partition 1; it has t/0: 2 to 4'],
    [{ from: 'committed' }, '--from: a file has no committed offsets; type beginning, end or an offset'],
    [
      { from: '2026-01-02T00:00:00Z', to: '2026-01-01T00:00:00Z' },
      '--from: 2026-01-02T00:00:00Z is later than --to 2026-01-01T00:00:00Z; turn them round',
    ],
  ])('%j', async (words, detail) => {
    await expect(resolving(words)).rejects.toMatchObject({ code: 'OFFSET_INVALID', detail })
  })
})

describe('lines of a file', () => {
  it('are whole and numbered, however the chunks fall', async () => {
    const long = 'x'.repeat(300_000)
    const path = fileOf(`a\n${long}\n\n${long}y\nb`)
    const found: string[] = []
    for await (const lines of linesOfFile(path))
      for (const { number, bytes } of lines) found.push(`${number}:${bytes.length}:${bytes.at(-1)}`)
    expect(found).toEqual(['1:1:97', '2:300000:120', '4:300001:121', '5:1:98'])
  })
})
