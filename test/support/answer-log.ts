/** Reads a board by HTTP again and again and keeps every answer that differs from the one before. */
import type { Answer, WorkerProcess } from './worker-process.js'

/** One after the other, with a breath for the worker between them, ms. */
const pause = 3

export class AnswerLog {
  readonly #worker: WorkerProcess
  readonly #board: string
  readonly #seen: Answer[] = []
  #open = true
  #ended: Promise<void>

  constructor(worker: WorkerProcess, board: string) {
    this.#worker = worker
    this.#board = board
    this.#ended = this.#look()
  }

  /** Ends with the answers so far, in order; rejects if one of the reads failed. */
  async stop(): Promise<readonly Answer[]> {
    this.#open = false
    await this.#ended
    return this.#seen
  }

  async #look(): Promise<void> {
    while (this.#open) {
      const answer = await this.#worker.board(this.#board)
      const last = this.#seen.at(-1)
      if (last?.body !== answer.body || last.state !== answer.state || last.reason !== answer.reason)
        this.#seen.push(answer)
      await new Promise((resolve) => setTimeout(resolve, pause))
    }
  }
}
