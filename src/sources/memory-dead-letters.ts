/** Dead letters in memory: the latest of them, in the order in which they were written. Memory: `most` letters. */
import { defer, type Observable, of, throwError } from 'rxjs'
import { RanktideError } from '../core/errors.js'
import type { DeadLetter, DeadLetters } from '../operators/ports.js'

export class MemoryDeadLetters implements DeadLetters {
  readonly letters: DeadLetter[] = []
  readonly #most: number
  /** While false the topic takes nothing. */
  writable = true

  constructor(most = 10_000) {
    this.#most = most
  }

  write(letters: readonly DeadLetter[]): Observable<void> {
    return defer(() => {
      if (!this.writable) return throwError(() => new RanktideError('KAFKA_FAILED', 'simulated'))
      for (const letter of letters) this.letters.push(letter)
      this.letters.splice(0, this.letters.length - this.#most)
      return of(undefined)
    })
  }

  async prepare(): Promise<void> {}

  async close(): Promise<void> {}
}
