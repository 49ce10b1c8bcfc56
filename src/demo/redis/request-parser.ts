/**
 * Bytes of a connection → requests (RESP arrays of bulk strings, as every client library sends them).
 *
 * Memory: what has come of a request that is not whole yet. What was read of it is not read again with the next bytes.
 */

/** The client does not speak the protocol: the connection can't go on. */
export class ProtocolError extends Error {}

export class RequestParser {
  #buffer = ''
  #at = 0
  /** The request under way, and how many parts it will have. */
  #parts: string[] = []
  #wanted: number | undefined

  /** Takes bytes (latin1) in and returns the requests that are whole now, the command's name first. */
  push(bytes: string): readonly (readonly string[])[] {
    this.#buffer = this.#buffer.slice(this.#at) + bytes
    this.#at = 0
    const requests: (readonly string[])[] = []
    for (let request = this.#next(); request !== undefined; request = this.#next())
      if (request.length > 0) requests.push(request)
    return requests
  }

  #next(): readonly string[] | undefined {
    this.#wanted ??= this.#head()
    if (this.#wanted === undefined) return undefined
    while (this.#parts.length < this.#wanted) {
      const part = this.#part()
      if (part === undefined) return undefined
      this.#parts.push(part)
    }
    const request = this.#parts
    this.#parts = []
    this.#wanted = undefined
    return request
  }

  #head(): number | undefined {
    const line = this.#line('*')
    if (line !== undefined) this.#at = line.next
    return line?.number
  }

  #part(): string | undefined {
    const size = this.#line('$')
    if (size === undefined) return undefined
    const end = size.next + size.number
    if (this.#buffer.length < end + 2) return undefined
    this.#at = end + 2
    return this.#buffer.slice(size.next, end)
  }

  /** The number in a line that begins with `sign`. */
  #line(sign: string): { readonly number: number; readonly next: number } | undefined {
    const end = this.#buffer.indexOf('\r\n', this.#at)
    if (end < 0) return undefined
    const text = this.#buffer.slice(this.#at + 1, end)
    if (this.#buffer[this.#at] !== sign || !/^\d{1,9}$/.test(text))
      throw new ProtocolError(`expected '${sign}' and a length, got '${this.#buffer.slice(this.#at, this.#at + 20)}'`)
    return { number: Number(text), next: end + 2 }
  }
}
