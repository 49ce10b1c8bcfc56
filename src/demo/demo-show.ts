/** What the demo shows, on whatever servers: the board as it moves, and at the end whether it is what the table says. */
import { setTimeout as delay } from 'node:timers/promises'
import { boardOnce, counterIn, fetchBoard } from './board-client.js'
import { type Counts, countsSince, drawScene } from './board-screen.js'
import { Ranks } from './ranks.js'
import { ScreenOutput } from './screen-output.js'
import type { ArticleTable, Simulator } from './simulator.js'

/** How long the first board, and the last one, may take, ms. */
export const patience = 30_000
export const boardSize = 10

export interface Show {
  /** The way that a change goes, in one line. */
  readonly title: string
  /** Where the worker listens: `http://127.0.0.1:PORT`. */
  readonly address: string
  /** What a change is called: `SQL statements`. */
  readonly unit: string
  /** How long traffic is shown; may be Infinity. */
  readonly seconds: number
  readonly simulator: Simulator
  /** What the worker had done before the traffic began. */
  readonly before: Counts
  readonly stopped: AbortSignal
  /** Why there is nothing more to show; undefined while there is. */
  readonly workerFailed: () => string | undefined
}

export const say = (text: string): void => {
  process.stdout.write(`${text}\n`)
}

/** Until the seconds are over or it is stopped. Throws when the worker has failed. */
export const showTraffic = async (show: Show): Promise<void> => {
  const { address, seconds, simulator, stopped } = show
  const screen = new ScreenOutput(process.stdout, process.stdout.isTTY)
  const url = `${address}/boards/likes`
  const began = performance.now()
  const ranks = new Ranks()
  while (!stopped.aborted && performance.now() - began < seconds * 1000) {
    const left = Math.max(0, seconds * 1000 - (performance.now() - began))
    await delay(Math.min(screen.redrawEvery, left), undefined, { signal: stopped }).catch(() => {})
    const failure = show.workerFailed()
    if (failure !== undefined) throw new Error(failure)
    const board = await fetchBoard(url).catch(() => undefined)
    const now = performance.now()
    ranks.add(
      now,
      (board?.articles ?? []).map(({ id }) => id),
    )
    const scene = {
      title: show.title,
      url,
      board,
      movementOf: (id: number) => ranks.movementOf(id),
      seconds: (now - began) / 1000,
      changes: simulator.changes,
      unit: show.unit,
      counts: countsSince(show.before, await countsAt(address)),
      latest: simulator.latest,
    }
    screen.draw(drawScene(scene))
  }
}

/** What the worker at an address has done so far; zeros where it does not answer. */
export const countsAt = async (address: string): Promise<Counts> => {
  const metrics = await fetch(`${address}/metrics`).then(
    (response) => response.text(),
    () => '',
  )
  return {
    messages: counterIn(metrics, 'ranktide_messages_total'),
    publishes: counterIn(metrics, 'ranktide_publishes_total'),
    refills: counterIn(metrics, 'ranktide_refills_total'),
  }
}

/** Waits for the first exact board; what it is that came instead, when it is not. */
export const firstBoard = async (address: string, stopped: AbortSignal): Promise<string | undefined> => {
  const began = performance.now()
  const first = await boardOnce(`${address}/boards/likes`, patience, ({ state }) => state === 'exact', stopped)
  if (stopped.aborted) return 'stopped before the first board'
  if (first?.state !== 'exact') return `no exact board after ${patience / 1000} s`
  say(
    `first exact board: ${((performance.now() - began) / 1000).toFixed(1)} s after the worker listened; Ctrl-C ends the demo\n`,
  )
  return undefined
}

/**
 * Whether the board comes to be what its table says, now that nothing changes any more. `truth`: what the board is
 * compared with, as `the query`.
 */
export const compare = async (table: ArticleTable, address: string, truth: string, unit: string): Promise<boolean> => {
  const expected = await table.best(boardSize)
  const began = performance.now()
  const settled = ({ data, state }: { data: string; state: string }): boolean => data === expected && state === 'exact'
  const board = await boardOnce(`${address}/boards/likes`, patience, settled)
  const equal = board?.data === expected
  if (equal && board?.state === 'exact') {
    say(`\nboard equals ${truth}: yes (${Math.round(performance.now() - began)} ms after the last ${unit})`)
    return true
  }
  say(`\nboard equals ${truth}: ${equal ? `yes, but it is ${board?.state}: ${board?.reason}` : 'no'}`)
  say(`table: ${expected}\nboard: ${board?.data ?? 'no answer'}`)
  return false
}
