/** Puts scenes on a terminal, one over the other, or, where there is none, one below the other. */
import type { WriteStream } from 'node:tty'

type Output = Pick<WriteStream, 'write' | 'columns'>

/** How often a scene is drawn, ms: on a terminal, and into a file or pipe. */
export const redrawEvery = { terminal: 250, plain: 2_500 } as const

export class ScreenOutput {
  readonly #output: Output
  readonly #isTerminal: boolean
  #drawn = 0

  constructor(output: Output, isTerminal: boolean) {
    this.#output = output
    this.#isTerminal = isTerminal
  }

  get redrawEvery(): number {
    return this.#isTerminal ? redrawEvery.terminal : redrawEvery.plain
  }

  draw(lines: readonly string[]): void {
    if (!this.#isTerminal) {
      this.#output.write(`\n${lines.join('\n')}\n`)
      return
    }
    // Up to where the last scene began, and all below it erased. A line that wraps would be two, so none may.
    const up = this.#drawn > 0 ? `\x1b[${this.#drawn}A\r\x1b[0J` : ''
    const fitting = lines.map((line) => [...line].slice(0, Math.max(20, this.#output.columns || 80)).join(''))
    this.#output.write(`${up}${fitting.join('\n')}\n`)
    this.#drawn = fitting.length
  }
}
