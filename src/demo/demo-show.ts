/** What the demo shows, on whatever servers: both boards as they move, under changes and reads. */
import { setTimeout as delay } from 'node:timers/promises'
import { boardOnce, fetchBoard } from './board-client.js'
import { type Counts, countsSince, drawScene, type Panel } from './board-screen.js'
import { boardUrl, type DemoBoard, demoBoards } from './demo-boards.js'
import { Ranks } from './ranks.js'
import type { ReadSimulator } from './read-simulator.js'
import { ScreenOutput } from './screen-output.js'
import type { Simulator } from './simulator.js'
import { countsAt } from './worker-counts.js'

/** How long the first boards, and the last ones, may take, ms. */
export const patience = 30_000

export interface Show {
  /** The way that a read goes, in one line. */
  readonly title: string
  /** Where the worker listens: `http://127.0.0.1:PORT`. */
  readonly address: string
  /** What a change is called: `SQL statements`. */
  readonly unit: string
  /** How long traffic is shown; may be Infinity. */
  readonly seconds: number
  readonly simulator: Simulator
  readonly readers: ReadSimulator
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
  const { address, seconds, simulator, readers, stopped } = show
  const screen = new ScreenOutput(process.stdout, process.stdout.isTTY)
  const boards = demoBoards.map((board) => new WatchedBoard(address, board))
  const began = performance.now()
  while (!stopped.aborted && performance.now() - began < seconds * 1000) {
    const left = Math.max(0, seconds * 1000 - (performance.now() - began))
    await delay(Math.min(screen.redrawEvery, left), undefined, { signal: stopped }).catch(() => {})
    const failure = show.workerFailed()
    if (failure !== undefined) throw new Error(failure)
    const panels = await Promise.all(boards.map((board) => board.look()))
    // Asked for first: what is counted meanwhile was sent before.
    const counts = await countsAt(address)
    const scene = {
      title: show.title,
      panels,
      seconds: (performance.now() - began) / 1000,
      changes: simulator.changes,
      reads: readers.sent,
      unit: show.unit,
      counts: countsSince(show.before, counts),
      latest: simulator.latest,
    }
    screen.draw(drawScene(scene))
  }
}

class WatchedBoard {
  readonly #board: DemoBoard
  readonly #url: string
  readonly #ranks = new Ranks()

  constructor(address: string, board: DemoBoard) {
    this.#board = board
    this.#url = boardUrl(address, board)
  }

  /** As it is now, and how it has moved since it was last looked at. */
  async look(): Promise<Panel> {
    const board = await fetchBoard(this.#url).catch(() => undefined)
    const ids = (board?.articles ?? []).map(({ id }) => id)
    this.#ranks.add(performance.now(), ids)
    const { name, column } = this.#board
    return { counted: name, column, url: this.#url, board, movementOf: (id) => this.#ranks.movementOf(id) }
  }
}

/** Waits for the first exact boards; what it is that came instead, when they did not. */
export const firstBoards = async (address: string, stopped: AbortSignal): Promise<string | undefined> => {
  const began = performance.now()
  const firsts = await Promise.all(
    demoBoards.map((board) => boardOnce(boardUrl(address, board), patience, ({ state }) => state === 'exact', stopped)),
  )
  if (stopped.aborted) return 'stopped before the first boards'
  if (firsts.some((first) => first?.state !== 'exact')) return `no exact boards after ${patience / 1000} s`
  say(
    `first exact boards: ${((performance.now() - began) / 1000).toFixed(1)} s after the worker listened; Ctrl-C ends the demo\n`,
  )
  return undefined
}
