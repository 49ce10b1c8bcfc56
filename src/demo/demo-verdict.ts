/** What the demo ends with: is every read counted once, and is each board what its table says? */
import { setTimeout as delay } from 'node:timers/promises'
import { boardOnce } from './board-client.js'
import { boardSize, boardUrl, type DemoBoard, demoBoards } from './demo-boards.js'
import { patience, say } from './demo-show.js'
import type { ReadSimulator } from './read-simulator.js'
import type { ArticleTable } from './simulator.js'

/** What the counter has written, beside the totals in the table, which an article takes with it when it is deleted. */
export interface CountedReads {
  /** Events of all time buckets by item (`itemText`). */
  counted(): Promise<ReadonlyMap<string, number>>
}

const sumOf = (counts: ReadonlyMap<string, number>): number => [...counts.values()].reduce((sum, one) => sum + one, 0)

/** Waits until as many reads are counted as were sent; whether each item then has its own number of them. */
export const compareReads = async (readers: ReadSimulator, table: CountedReads): Promise<boolean> => {
  if (readers.failures > 0)
    say(`${readers.failures} reads were not taken by their topic, the last one: ${readers.failure}`)
  const end = performance.now() + patience
  let counted = await table.counted()
  while (sumOf(counted) < readers.sent && performance.now() < end) {
    await delay(50)
    counted = await table.counted()
  }
  const items = new Set([...readers.sentOf.keys(), ...counted.keys()])
  const wrong = [...items].filter((item) => readers.sentOf.get(item) !== counted.get(item))
  const [first] = wrong
  say(
    first === undefined
      ? `\nreads counted exactly once: yes (${readers.sent} sent, ${sumOf(counted)} counted, ${items.size} articles)`
      : `\nreads counted exactly once: no (${readers.sent} sent, ${sumOf(counted)} counted, ${wrong.length} of ${items.size} articles differ, ` +
          `such as ${first}: ${readers.sentOf.get(first) ?? 0} sent, ${counted.get(first) ?? 0} counted)`,
  )
  return first === undefined
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
