/**
 * The lines of a file, plain or compressed by gzip (told by its first bytes, not by its name), as bytes. Order: that of
 * the file. Memory: one line and two chunks. Fails with what the file system and gunzip fail with.
 */
import { createReadStream } from 'node:fs'
import { open } from 'node:fs/promises'
import { createGunzip } from 'node:zlib'

const chunkSize = 256 * 1024
const newline = 0x0a
const carriageReturn = 0x0d

export interface FileLine {
  /** From 1. */
  readonly number: number
  readonly bytes: Buffer
}

const isGzip = async (path: string): Promise<boolean> => {
  const file = await open(path)
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(2), 0, 2, 0)
    return bytesRead === 2 && buffer[0] === 0x1f && buffer[1] === 0x8b
  } finally {
    await file.close()
  }
}

/** Lines that are not empty, many at a time. `read` is told how many bytes of the file have been read. */
export async function* linesOfFile(
  path: string,
  read: (bytes: number) => void = () => {},
): AsyncGenerator<readonly FileLine[]> {
  const compressed = await isGzip(path)
  const file = createReadStream(path, { highWaterMark: chunkSize })
  const chunks = compressed ? file.pipe(createGunzip({ chunkSize })) : file
  file.on('error', (error) => chunks.destroy(error))
  let rest: Buffer[] = []
  let number = 0
  try {
    for await (const chunk of chunks as AsyncIterable<Buffer>) {
      const lines: FileLine[] = []
      let from = 0
      for (let end = chunk.indexOf(newline); end >= 0; end = chunk.indexOf(newline, from)) {
        const part = chunk.subarray(from, end)
        number += 1
        add(lines, number, rest.length === 0 ? part : Buffer.concat([...rest, part]))
        rest = []
        from = end + 1
      }
      if (from < chunk.length) rest.push(chunk.subarray(from))
      read(file.bytesRead)
      if (lines.length > 0) yield lines
    }
  } finally {
    file.destroy()
  }
  const last: FileLine[] = []
  if (rest.length > 0) add(last, number + 1, Buffer.concat(rest))
  if (last.length > 0) yield last
}

const add = (lines: FileLine[], number: number, line: Buffer): void => {
  const bytes = line.at(-1) === carriageReturn ? line.subarray(0, -1) : line
  if (bytes.length > 0) lines.push({ number, bytes })
}
