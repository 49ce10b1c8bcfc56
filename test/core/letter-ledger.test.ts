import { beforeEach, describe, expect, test } from 'vitest'
import type { LetterEntry, LetterSource, Outcome } from '../../src/core/letter.js'
import { LetterLedger } from '../../src/core/letter-ledger.js'

const source = (offset: number, feed = 'counters.reads'): LetterSource => ({
  feed,
  topic: 'reads',
  partition: 0,
  offset,
  timestamp: 1_000 + offset,
})
const letter = (offset: number, feed?: string): LetterEntry => ({
  kind: 'letter',
  source: source(offset, feed),
  code: 'PARSE',
  detail: 'x',
})
const passed = (offset: number): LetterEntry => ({ kind: 'passed', source: source(offset) })
const settled = (offset: number, outcome: Outcome = 'retried'): LetterEntry => ({
  kind: 'settled',
  source: source(offset),
  settlement: { outcome, reason: '', by: 'ann@pod', at: 9_000 },
})

describe('the ledger', () => {
  let ledger: LetterLedger
  const add = (...entries: LetterEntry[]): void => {
    for (const entry of entries) ledger.add(next, 100 * next++, entry)
  }
  let next = 0
  const open = () => [...ledger.open.values()].map(({ id, passed }) => [id, passed])

  beforeEach(() => {
    ledger = new LetterLedger(3)
    next = 0
  })

  test('a letter is open until it is settled, and known then', () => {
    add(letter(1), letter(2), settled(1, 'discarded'))
    expect(open()).toEqual([[1, false]])
    expect(ledger.settlementOf(source(1))).toMatchObject({
      letter: { id: 0, at: 0, code: 'PARSE' },
      settlement: { outcome: 'discarded', by: 'ann@pod' },
    })
    expect(ledger.settlementOf(source(2))).toBeUndefined()
    expect(ledger.firstOpen).toBe(1)
  })

  test('a copy is the letter that it copies, open or settled: what was retried is not open a second time', () => {
    add(letter(1), letter(1), letter(2), settled(1), letter(1))
    expect(open()).toEqual([[2, false]])
    expect(ledger.settlementOf(source(1))?.letter?.id).toBe(0)
  })

  test('the same place of another pipeline is another letter', () => {
    add(letter(1), letter(1, 'history'), settled(1))
    expect(open()).toEqual([[1, false]])
  })

  test('an event is passed when its counter says so, and no longer when it is refused anew', () => {
    add(letter(1), passed(1))
    expect(open()).toEqual([[0, true]])
    add(letter(1))
    expect(open()).toEqual([[0, false]])
    add(passed(1), passed(7))
    expect(open()).toEqual([[0, true]])
  })

  test('the first settlement stays: a second one, of whatever kind, changes nothing', () => {
    add(letter(1), settled(1, 'retried'), settled(1, 'discarded'))
    expect(ledger.settlementOf(source(1))?.settlement.outcome).toBe('retried')
  })

  test('with more open letters than it has room for, newer ones are counted, and old settlements are forgotten', () => {
    add(letter(1), letter(2), letter(3), letter(4), letter(5))
    expect([open().length, ledger.untold]).toEqual([3, 2])
    add(settled(4), settled(1))
    expect([open().length, ledger.untold]).toEqual([2, 1])
    add(settled(2), settled(3))
    expect(ledger.settled.size).toBe(3)
    expect(ledger.settlementOf(source(4))).toBeUndefined()
  })

  test('by feed: how many are open, and since when', () => {
    add(letter(1), letter(2), letter(3, 'history'), settled(1))
    expect([...ledger.feeds()]).toEqual([
      ['counters.reads', { unsettled: 1, oldestAt: 100 }],
      ['history', { unsettled: 1, oldestAt: 200 }],
    ])
  })
})
