/** Boards on what Canal sent for MySQL, from the first message to the last, against the rows that the server had. */
import { describe, expect, it } from 'vitest'
import { type RecordedMessage, recordedMessages, recordedScenarios } from './support/recorded.js'
import { recordedBoards as boards } from './support/recorded-boards.js'
import { RecordedReplay } from './support/recorded-replay.js'

const messages = recordedMessages('mysql.single.jsonl.gz')
const scenarios = recordedScenarios('mysql.oracle.jsonl.gz')
const isRegular = (scenario: string): boolean => scenario.startsWith('s') || scenario.startsWith('h1')
const messagesOf = (scenario: string): readonly RecordedMessage[] =>
  messages.filter((message) => message.scenario.startsWith(scenario))

/** Up to and with a scenario, everything settled after each. */
const playedTo = (last: string): RecordedReplay => {
  const replay = new RecordedReplay(boards)
  for (const { scenario, tables } of scenarios) {
    replay.serve(tables)
    replay.play(messagesOf(scenario))
    replay.settle()
    if (scenario.startsWith(last)) break
  }
  replay.notes.length = 0
  return replay
}

const serve = (replay: RecordedReplay, scenario: string): void =>
  replay.serve(scenarios.find((one) => one.scenario.startsWith(scenario))?.tables ?? {})

const degradedCodes = (replay: RecordedReplay): readonly string[] => [
  ...new Set(replay.notes.flatMap((note) => (note.kind === 'degraded' ? [note.code] : []))),
]

const expectRight = (replay: RecordedReplay, when: string): void => {
  for (const { board, rows, expected } of replay.compared) expect(rows, `${board} after ${when}`).toEqual(expected)
}

describe('the regular scenarios', () => {
  it('after each the boards are those of the server, degraded on the way only by what was renamed', () => {
    const replay = new RecordedReplay(boards)
    const degraded: string[] = []
    let compared = 0
    for (const { scenario, tables } of scenarios.filter((one) => isRegular(one.scenario))) {
      replay.notes.length = 0
      replay.serve(tables)
      replay.play(messagesOf(scenario))
      replay.settle()
      expectRight(replay, scenario)
      degraded.push(...degradedCodes(replay).map((code) => `${scenario} ${code}`))
      compared++
    }
    expect(compared).toBe(34)
    expect(degraded).toEqual([
      // A row is written while its ranked column has another name; the next one shows what was missed.
      's21_rename_column_target ROW_IMAGE',
      's21_rename_column_target BEFORE_IMAGE',
      's22_rename_table TABLE_CHANGED',
      // All of it is sent once more.
      's37_rewind_over_ddl ROW_IMAGE',
      's37_rewind_over_ddl BEFORE_IMAGE',
      's37_rewind_over_ddl TABLE_CHANGED',
    ])
  })

  it('an audit that begins before each scenario and is answered after it finds nothing and breaks nothing', () => {
    const replay = new RecordedReplay(boards)
    for (const { scenario, tables } of scenarios.filter((one) => isRegular(one.scenario))) {
      replay.late = true
      replay.audit()
      replay.late = false
      replay.serve(tables)
      replay.play(messagesOf(scenario))
      replay.settle()
      expectRight(replay, scenario)
    }
    expect(replay.notes.filter(({ kind }) => kind === 'audit-difference')).toEqual([])
    expect(replay.notes.filter((note) => note.kind === 'merged' && note.cause === 'audit').length).toBeGreaterThan(100)
  })
})

/** Three seconds: more than any barrier needs. */
const restBriefly = (replay: RecordedReplay): void => {
  for (let i = 0; i < 12; i++) replay.tick(250)
}

describe('RENAME of the table', () => {
  it('degrades its boards, and only them, until they have been read anew', () => {
    const replay = playedTo('s21')
    serve(replay, 's22')
    replay.stuck = true
    replay.play(messagesOf('s22'))
    const told = 'degraded TABLE_CHANGED: RENAME'
    expect(replay.states).toEqual([told, told, told, told, 'exact', 'exact'])
    restBriefly(replay)
    expect(replay.states).toEqual([told, told, told, told, 'exact', 'exact'])
    replay.stuck = false
    replay.settle()
    expectRight(replay, 's22')
  })
})

describe('the hazards', () => {
  it.each([
    ['h3', 'h1', 'STATEMENT_FORMAT'],
    ['h4', 'h3', 'ROW_IMAGE'],
  ])('%s: the boards of the table are degraded with the code, then right again', (hazard, before, code) => {
    const replay = playedTo(before)
    serve(replay, hazard)
    replay.stuck = true
    replay.play(messagesOf(hazard))
    restBriefly(replay)
    expect(degradedCodes(replay)).toEqual([code])
    for (const state of replay.states.slice(0, 4)) expect(state).toMatch(new RegExp(`^degraded ${code}: \\S`))
    expect(replay.states.slice(4)).toEqual(['exact', 'exact'])
    replay.stuck = false
    replay.settle()
    expectRight(replay, hazard)
  })

  it('h3 would be a silent difference if its message were passed over', () => {
    const replay = playedTo('h1')
    serve(replay, 'h3')
    replay.play(messagesOf('h3').filter(({ value }) => !value.includes('"sql":"update')))
    restBriefly(replay)
    const difference = replay.compared.filter(({ rows, expected }) => rows.join() !== expected.join())
    expect(difference.map(({ board }) => board)).toEqual(['least', 'lower'])
  })

  it('h5: a change that was not logged is found and repaired by the next audit', () => {
    const replay = playedTo('h4')
    serve(replay, 'h5')
    replay.play(messagesOf('h5'))
    restBriefly(replay)
    expect(replay.states).toEqual(boards.map(() => 'exact'))
    expect(replay.compared[2]?.rows).not.toEqual(replay.compared[2]?.expected)
    replay.audit()
    restBriefly(replay)
    expectRight(replay, 'the audit')
    const found = replay.notes.flatMap((note) => (note.kind === 'audit-difference' ? [note] : []))
    expect(found).toEqual([{ kind: 'audit-difference', board: 'lower', count: 1, keys: ['2'] }])
  })

  it('h5: before any audit, the next change of the row shows that one is missing', () => {
    const replay = playedTo('h4')
    serve(replay, 'h5')
    replay.play(messagesOf('h5'))
    const last = messagesOf('h5').at(-1)
    const row = { ...scenarios.find(({ scenario }) => scenario.startsWith('h5'))?.tables.interactives?.[1] }
    expect(row).toMatchObject({ id: '2', like_cnt: '4242' })
    const changed = { ...row, like_cnt: '4300' }
    const [example] = messagesOf('h3').filter(({ value }) => value.includes('"id":"2"'))
    if (last === undefined || example === undefined) throw new Error('the recording has changed')
    const es = last.timestamp - (last.timestamp % 1000) + 5_000
    const update = { ...JSON.parse(example.value), data: [changed], old: [{ like_cnt: '4242' }], es, ts: es + 90 }
    const others = scenarios.find(({ scenario }) => scenario.startsWith('h5'))?.tables ?? {}
    replay.serve({
      ...others,
      interactives: (others.interactives ?? []).map((one) => (one.id === '2' ? changed : one)),
    })
    replay.play([{ ...last, offset: last.offset + 1, timestamp: es + 100, value: JSON.stringify(update) }])
    expect(degradedCodes(replay)).toEqual(['BEFORE_IMAGE'])
    expect(replay.states[2]).toBe('degraded BEFORE_IMAGE: table interactives')
    replay.settle()
    expectRight(replay, 'the rebuild')
  })

  it('h9: Canal is stuck, no marker comes back: stale after five seconds, exact when it goes on', () => {
    const replay = playedTo('h5')
    serve(replay, 'h9')
    replay.play(messagesOf('h9'))
    replay.settle()
    replay.stuck = true
    replay.audit()
    for (let half = 0; half < 8; half++) {
      replay.tick(500)
      expect(replay.states).toEqual(boards.map(() => 'exact'))
    }
    replay.tick(2_000)
    const [silent] = replay.states
    expect(silent).toMatch(/^stale the feed recorded is silent since \d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ: FEED_SILENT$/)
    for (let minute = 0; minute < 60; minute++) replay.tick(60_000)
    expect(replay.states).toEqual(boards.map(() => silent))
    replay.stuck = false
    replay.settle()
    expectRight(replay, 'h9')
  })
})
