/** What the demo ends with: is every read counted once, and is each board what its table says? */
import { setTimeout as delay } from 'node:timers/promises'
import { boardOnce } from './board-client.js'
import { boardSize, boardUrl, type DemoBoard, demoBoards } from './demo-boards.js'
import { patience, say } from './demo-show.js'
import type { ReadSimulator } from './read-simulator.js'
import type { ArticleTable } from './simulator.js'

/** What the counter has written beside the totals, which an article takes with it when it is deleted. */
export interface CountedReads {
  /** Events of all time buckets by item (`itemText`). */
  counted(): Promise<ReadonlyMap<string, number>>
}

export interface ReadsToCompare {
  readonly readers: Pick<ReadSimulator, 'sent' | 'sentOf' | 'failures' | 'failure'>
  /** Items whose totals are gone. */
  readonly deleted: ReadonlySet<string>
  readonly table: Pick<ArticleTable, 'totals'>
  readonly counter: CountedReads
  /** How long counting may take, ms. */
  readonly patience: number
}

const sumOf = (counts: ReadonlyMap<string, number>): number => [...counts.values()].reduce((sum, one) => sum + one, 0)

/** Waits until as many reads are counted as were sent; whether each item then has its own number of them. */
export const compareReads = async (reads: ReadsToCompare): Promise<boolean> => {
  const { readers, counter } = reads
  const { sent, sentOf, failures, failure } = readers
  if (failures > 0) say(`${failures} reads were not taken by their topic, the last one: ${failure}`)
  const end = performance.now() + reads.patience
  let counted = await counter.counted()
  while (sumOf(counted) < sent && performance.now() < end) {
    await delay(50)
    counted = await counter.counted()
  }
  const totals = await reads.table.totals()
  const items = [...new Set([...sentOf.keys(), ...counted.keys(), ...totals.keys()])]
  const isWrong = (item: string): boolean =>
    sentOf.get(item) !== counted.get(item) || (!reads.deleted.has(item) && sentOf.get(item) !== totals.get(item))
  const wrong = items.filter(isWrong)
  const [first] = wrong
  const sums = `${sent} sent, ${sumOf(counted)} counted`
  if (first === undefined) {
    say(`\nreads counted exactly once: yes (${sums}, ${items.length} articles)`)
    return true
  }
  const one = `${sentOf.get(first) ?? 0} sent, ${counted.get(first) ?? 0} counted, ${totals.get(first) ?? 0} in the table`
  say(`\nreads counted exactly once: no (${sums}, ${wrong.length} of ${items.length} articles differ)`)
  say(`such as ${first}: ${one}`)
  return false
}

/**
 * Whether the boards come to be what their table says, now that nothing changes any more. `truth`: what they are compared
 * with, as `the query`.
 */
export const compareBoards = async (table: ArticleTable, address: string, truth: string): Promise<boolean> => {
  const began = performance.now()
  const equal: boolean[] = []
  for (const board of demoBoards) equal.push(await compareBoard({ board, table, address, truth, began }))
  return !equal.includes(false)
}

interface Comparison {
  readonly board: DemoBoard
  readonly table: ArticleTable
  readonly address: string
  readonly truth: string
  /** When the last change was through, ms. */
  readonly began: number
}

const compareBoard = async ({ board, table, address, truth, began }: Comparison): Promise<boolean> => {
  const expected = await table.best(board.column, boardSize)
  const settled = ({ data, state }: { data: string; state: string }): boolean => data === expected && state === 'exact'
  const found = await boardOnce(boardUrl(address, board), patience, settled)
  const equal = found?.data === expected
  if (equal && found?.state === 'exact') {
    say(`board ${board.name} equals ${truth}: yes (${Math.round(performance.now() - began)} ms after the last change)`)
    return true
  }
  say(`board ${board.name} equals ${truth}: ${equal ? `yes, but it is ${found?.state}: ${found?.reason}` : 'no'}`)
  say(`table: ${expected}\nboard: ${found?.data ?? 'no answer'}`)
  return false
}
