/** Reads a board by HTTP again and again and keeps every answer that differs from the one before. */
import type { Answer, WorkerProcess } from './worker-process.js'

/** One after the other, with a breath for the worker between them, ms. */
const pause = 3

/** The answers given while `run` runs, in order. Rejects if it does, or if one of the reads fails. */
export const answersDuring = async (
  worker: WorkerProcess,
  board: string,
  run: () => Promise<void>,
): Promise<readonly Answer[]> => {
  const seen: Answer[] = []
  let open = true
  const look = async (): Promise<void> => {
    const answer = await worker.board(board)
    const last = seen.at(-1)
    if (last?.body !== answer.body || last.state !== answer.state || last.reason !== answer.reason) seen.push(answer)
  }
  const lookAlways = async (): Promise<void> => {
    while (open) {
      await look()
      await new Promise((resolve) => setTimeout(resolve, pause))
    }
    // What the run waited for is among the answers, too.
    await look()
  }
  const close = (): void => {
    open = false
  }
  await Promise.all([lookAlways(), run().finally(close)])
  return seen
}
