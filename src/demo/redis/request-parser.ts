/**
 * Bytes of a connection → requests (RESP arrays of bulk strings, as every client library sends them).
 *
 * Memory: what has come of a request that is not whole yet.
 */

/** The client does not speak the protocol: the connection can't go on. */
export class ProtocolError extends Error {}

export class RequestParser {
  #buffer = ''

  /** Takes bytes (latin1) in and returns the requests that are whole now, the command's name first. */
  push(bytes: string): readonly (readonly string[])[] {
    this.#buffer += bytes
    const requests: (readonly string[])[] = []
    let from = 0
    for (;;) {
      const found = this.#request(from)
      if (found === undefined) break
      from = found.next
      if (found.request.length > 0) requests.push(found.request)
    }
    this.#buffer = this.#buffer.slice(from)
    return requests
  }

  #request(from: number): { readonly request: readonly string[]; readonly next: number } | undefined {
    const head = this.#line(from, '*')
    if (head === undefined) return undefined
    const request: string[] = []
    let next = head.next
    for (let i = 0; i < head.number; i++) {
      const size = this.#line(next, '$')
      if (size === undefined) return undefined
      const end = size.next + size.number
      if (this.#buffer.length < end + 2) return undefined
      request.push(this.#buffer.slice(size.next, end))
      next = end + 2
    }
    return { request, next }
  }

  /** The number in a line that begins with `sign`. */
  #line(from: number, sign: string): { readonly number: number; readonly next: number } | undefined {
    const end = this.#buffer.indexOf('\r\n', from)
    if (end < 0) return undefined
    const text = this.#buffer.slice(from + 1, end)
    if (this.#buffer[from] !== sign || !/^\d{1,9}$/.test(text))
      throw new ProtocolError(`expected '${sign}' and a length, got '${this.#buffer.slice(from, from + 20)}'`)
    return { number: Number(text), next: end + 2 }
  }
}
