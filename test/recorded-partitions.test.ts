/**
 * Boards on what Canal sent to topics of three partitions, where TRUNCATE, RENAME and changed keys race with rows of
 * other partitions: played in the order in which the records were written, and in other orders that partitions allow.
 */
import { describe, expect, it } from 'vitest'
import { Draws } from './support/draws.js'
import { type RecordedMessage, recordedMessages, recordedScenarios } from './support/recorded.js'
import { recordedBoards } from './support/recorded-boards.js'
import { RecordedReplay } from './support/recorded-replay.js'

const partitions = 3
const scenarios = recordedScenarios('mysql.oracle.jsonl.gz').filter(({ scenario }) => /^(s|h1)/.test(scenario))

/** The partitions' messages, each partition in its order, mixed in another way with every seed. */
const mixed = (messages: readonly RecordedMessage[], draws: Draws): readonly RecordedMessage[] => {
  const queues = Array.from({ length: partitions }, (_, at) => messages.filter(({ partition }) => partition === at))
  return messages.flatMap(() => {
    const waiting = queues.filter((queue) => queue.length > 0)
    return waiting[draws.below(waiting.length)]?.splice(0, 1) ?? []
  })
}

const inOrder = (messages: readonly RecordedMessage[]): readonly RecordedMessage[] => messages

/** Fails with what differs; tells the codes by which boards were degraded on the way. */
const play = (
  recording: string,
  boards: typeof recordedBoards,
  order: (messages: readonly RecordedMessage[]) => readonly RecordedMessage[],
): ReadonlySet<string> => {
  const messages = recordedMessages(recording)
  const replay = new RecordedReplay(boards, partitions)
  for (const { scenario, tables } of scenarios) {
    replay.serve(tables)
    replay.play(order(messages.filter((message) => message.scenario === scenario)))
    replay.settle()
    for (const { board, rows, expected } of replay.compared)
      expect(rows, `${board} after ${scenario}`).toEqual(expected)
  }
  return new Set(replay.notes.flatMap((note) => (note.kind === 'degraded' ? [note.code] : [])))
}

const seeds = process.env.RANKTIDE_SEED === undefined ? [1, 2, 3, 4, 5, 6, 7, 8] : [Number(process.env.RANKTIDE_SEED)]

describe.each([
  ['mysql.flat.jsonl.gz', recordedBoards],
  // Canal's filter names one table, so other tables have no boards here.
  ['mysql.strict.jsonl.gz', recordedBoards.filter(({ table }) => table.table === 'interactives')],
])('%s', (recording, boards) => {
  it('after each scenario the boards are those of the server, having been degraded by what races', () => {
    const codes = play(recording, boards, inOrder)
    expect(codes).toContain('PARTITION_RACE')
    expect(codes).toContain('TABLE_CHANGED')
  })

  it.each(seeds)('mixed with seed %i (RANKTIDE_SEED)', (seed) => {
    const draws = new Draws()
    draws.seed(seed)
    play(recording, boards, (messages) => mixed(messages, draws))
  })
})
