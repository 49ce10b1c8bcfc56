/** The worker's log in a file, and the one thing that the demo wants to know of it: where the worker listens. */
import { createWriteStream, type WriteStream } from 'node:fs'

const kept = 20

export class DemoLog {
  readonly file: string
  /** Resolves to `http://127.0.0.1:PORT`. */
  readonly address: Promise<string>
  readonly #stream: WriteStream
  #last: readonly string[] = []
  #found: (address: string) => void = () => {}

  constructor(file: string) {
    this.file = file
    this.#stream = createWriteStream(file)
    this.address = new Promise((resolve) => {
      this.#found = resolve
    })
  }

  /** The last lines. */
  get end(): string {
    return this.#last.join('')
  }

  write(line: string): void {
    this.#stream.write(line)
    this.#last = [...this.#last, line].slice(-kept)
    const listening = /"address":"([^"]+)"[^\n]*"msg":"Listening"/.exec(line)?.[1]
    if (listening !== undefined) this.#found(listening)
  }
}
