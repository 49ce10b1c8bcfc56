// What an owner tells of the verification of its boards, and that it tells nothing more once it does not keep them.
import { pino } from 'pino'
import { expect, test, vi } from 'vitest'
import type { RefillRows } from '../../src/core/refill.js'
import { verifyInTurn } from '../../src/worker/verify-in-turn.js'
import { bigint, tableShape } from '../support/table-shapes.js'

const specOf = (name: string) => ({
  name,
  table: tableShape('shop.items', { id: bigint, likes: bigint }, ['id']),
  direction: 'desc' as const,
  ties: 'newest' as const,
  size: 10,
  display: [0, 1],
  score: { kind: 'column' as const, column: 1 },
  where: undefined,
})

/** Two empty boards of an empty table, which answers when it is told to. */
const verifying = () => {
  const asked: string[] = []
  const told: string[] = []
  const lines: string[] = []
  const answers: { readonly give: (rows: RefillRows) => void; readonly fail: (error: Error) => void }[] = []
  let held = true
  const base = {
    marks: true,
    read: ({ board }: { readonly board: { readonly name: string } }) => {
      asked.push(board.name)
      return new Promise<RefillRows>((give, fail) => answers.push({ give, fail }))
    },
    readGroups: () => [],
    mark: () => [],
  }
  const status = { state: 'exact', reason: '' } as const
  const there = { entries: [], version: 1, status, foreign: false, confirmedAt: 9_000 }
  const witness = () => ({
    read: async (names: readonly string[]) => ({
      now: 1_000,
      owner: 'one',
      boards: new Map(names.map((name) => [name, there])),
    }),
  })
  const registered = async () => ({ groups: new Map(), vouched: 0, removedAt: new Map() })
  const subscription = verifyInTurn({
    name: 'feed',
    topics: ['items'],
    served: { specs: [specOf('likes'), specOf('reads')] },
    store: { witness, registered },
    base,
    lease: { holds: () => held },
    verifyEvery: 5,
    log: pino({ level: 'info' }, { write: (line) => lines.push(JSON.parse(line).msg) }),
    recorder: { verified: (board, outcome) => told.push(`${board} ${outcome}`) },
  }).subscribe()
  const answering = async (i: number) => {
    await vi.waitFor(() => expect(answers.length).toBeGreaterThan(i))
    return answers[i]
  }
  return { asked, told, lines, answering, subscription, lose: () => (held = false) }
}

const nothing: RefillRows = { rows: [], complete: true }

/** Longer than what is left of a verification takes. */
const passed = () => new Promise((resolve) => setTimeout(resolve, 50))

test('each board is asked in turn, and what it came to is told', async () => {
  const { told, lines, answering, subscription } = verifying()
  ;(await answering(0))?.fail(new Error('no'))
  ;(await answering(1))?.give(nothing)
  await answering(2)
  subscription.unsubscribe()
  expect(told).toEqual(['reads ok'])
  expect(lines).toEqual(['Board could not be verified', 'Board verified'])
})

test.each(['give', 'fail'] as const)(
  'a run that has ended tells nothing of the board it was looking at: %s',
  async (how) => {
    const { asked, told, lines, answering, subscription } = verifying()
    const answer = await answering(0)
    subscription.unsubscribe()
    if (how === 'give') answer?.give(nothing)
    else answer?.fail(new Error('closed'))
    await passed()
    expect([asked, told, lines]).toEqual([['likes'], [], []])
  },
)

test('nor does an owner that has lost its lease', async () => {
  const { asked, told, answering, subscription, lose } = verifying()
  const answer = await answering(0)
  lose()
  answer?.give(nothing)
  await passed()
  subscription.unsubscribe()
  expect([asked, told]).toEqual([['likes'], []])
})
