/**
 * What a command answers, and its bytes in the Redis protocol (RESP2). Texts are bytes, one a character (latin1), here
 * and in the whole of the built-in server: they compare as bytes do, and go out as they came in.
 */
export type Reply = null | number | string | Status | Failure | readonly Reply[]

/** A short word of the server's own: `OK`. */
export class Status {
  readonly text: string

  constructor(text: string) {
    this.text = text
  }
}

/** An error: its first word is the code. */
export class Failure {
  readonly message: string

  constructor(message: string) {
    this.message = message
  }
}

export const ok = new Status('OK')

export const encodeReply = (reply: Reply): string => {
  if (reply === null) return '$-1\r\n'
  if (typeof reply === 'number') return `:${reply}\r\n`
  if (typeof reply === 'string') return `$${reply.length}\r\n${reply}\r\n`
  if (reply instanceof Status) return `+${reply.text}\r\n`
  if (reply instanceof Failure) return `-${reply.message.replaceAll(/[\r\n]+/g, ' ')}\r\n`
  return `*${reply.length}\r\n${reply.map(encodeReply).join('')}`
}
