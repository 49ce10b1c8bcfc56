import type { DeadLetter } from '../operators/ports.js'
import type { OpenDeadLetters } from '../worker/worker-parts.js'

/** Refused messages in memory, for a worker that ends with its topics: the simulated table sends none. */
export class KeptLetters implements OpenDeadLetters {
  readonly letters: DeadLetter[] = []

  async prepare(): Promise<void> {}

  async write(letters: readonly DeadLetter[]): Promise<void> {
    this.letters.push(...letters)
  }

  async close(): Promise<void> {}
}
