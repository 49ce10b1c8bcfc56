import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { exportText, parseExport } from '../../src/operate/offset-file.js'
import type { OffsetsReport } from '../../src/operate/offset-report.js'

const offset = fc.maxSafeNat()
const partitions = fc.uniqueArray(fc.tuple(fc.stringMatching(/^[a-z._-]{1,8}\/\d{1,3}$/), fc.option(offset)), {
  selector: ([id]) => id,
  maxLength: 4,
})

const pipeline = {
  name: 'counters.reads',
  kind: 'counter',
  group: 'g',
  active: null,
  activity: '',
  state: null,
  missingTopic: null,
} as const

test('what is exported is read back, whole', () => {
  fc.assert(
    fc.property(partitions, (rows) => {
      const report: OffsetsReport = {
        at: '2026-11-21T00:00:00.000Z',
        pipelines: [
          {
            ...pipeline,
            partitions: rows.map(([partition, next]) => {
              return { partition, first: 0, end: 9, committed: null, next, position: next, lag: null, lagSeconds: null }
            }),
          },
        ],
      }
      const [read] = parseExport(exportText(report), 'f.json')
      expect(read).toEqual({
        name: 'counters.reads',
        group: 'g',
        next: new Map(rows.filter((one): one is [string, number] => one[1] !== null)),
        unknown: rows.filter(([, next]) => next === null).map(([id]) => id),
      })
    }),
  )
})

test('a topic that does not exist keeps the file from being written', () => {
  const missing = { ...pipeline, missingTopic: 'readevents; did you mean read_events?', partitions: [] }
  const report = { at: '', pipelines: [{ ...pipeline, partitions: [] }, missing] }
  expect(() => exportText(report)).toThrow(/does not exist: readevents; did you mean read_events\?$/)
})

describe('what is no such file', () => {
  const file = (pipelines: unknown, head: object = { ranktide: 'offsets', format: 1 }) =>
    JSON.stringify({ ...head, pipelines })
  const one = (partitions: unknown) => file([{ name: 'n', group: 'g', partitions }])

  test.each([
    ['', 'is not a JSON object'],
    ['[]', 'is not a JSON object'],
    ['{}', 'is not a file of offsets'],
    [file([], { ranktide: 'offsets', format: 2 }), 'has the format 2, and this version reads 1'],
    [file(undefined), 'has no list "pipelines"'],
    [file([7]), 'pipelines[0] is not an object'],
    [file([{ name: 'n' }]), 'pipelines[0] has no name or no group'],
    [one(undefined), '(n) has no list "partitions"'],
    [one([{ partition: '0', next: 1 }]), 'has a partition that is not "topic/number"'],
    [one([{ partition: 't/0', next: -1 }]), 'has for t/0 a "next" that is no whole number from 0'],
    [one([{ partition: 't/0', next: '5' }]), 'has for t/0 a "next"'],
    [
      one([
        { partition: 't/0', next: 1 },
        { partition: 't/0', next: 2 },
      ]),
      '(n) has t/0 twice',
    ],
    [file([1, 2].map(() => ({ name: 'n', group: 'g', partitions: [] }))), 'has n twice'],
  ])('%s', (text, why) => {
    expect(() => parseExport(text, 'f.json')).toThrow(why)
    expect(() => parseExport(text, 'f.json')).toThrow('f.json')
  })
})
