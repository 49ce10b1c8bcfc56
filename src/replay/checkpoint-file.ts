/**
 * Where a replay keeps what it has come to, so that it goes on after Ctrl-C, kill -9 or a power cut.
 *
 * Guarantees: the file is always a whole checkpoint, the last or the one before: it is written beside, forced to the
 * disk, then renamed. Writing takes a twentieth of the time at most. Memory: a part of the text. Compressed by gzip where
 * the name ends in `.gz`.
 */
import { type FileHandle, open, rename, rm } from 'node:fs/promises'
import { dirname } from 'node:path'
import { gzipSync } from 'node:zlib'
import { RanktideError } from '../core/errors.js'
import type { Saver } from '../operators/save-between.js'
import { linesOfFile } from '../sources/lines-of-file.js'
import { type Checkpoint, CheckpointReader, checkpointLines } from './checkpoint-text.js'

/** Characters that are written at once. */
const partSize = 1_000_000
/** Between two checkpoints, ms, and how many times as long as the last one took. */
const [pause, share] = [1_000, 20] as const

/** Undefined: there is none. CHECKPOINT_INVALID for what cannot be used. */
export const readCheckpoint = async (path: string): Promise<Checkpoint | undefined> => {
  const reader = new CheckpointReader(path)
  try {
    for await (const lines of linesOfFile(path)) for (const { bytes } of lines) reader.take(bytes.toString('utf8'))
  } catch (error) {
    if (error instanceof RanktideError) throw error
    if (codeOf(error) === 'ENOENT') return undefined
    throw reader.invalid(error instanceof Error ? error.message : String(error))
  }
  return reader.checkpoint
}

const codeOf = (error: unknown): unknown => (error instanceof Error && 'code' in error ? error.code : undefined)

export const writeCheckpoint = async (path: string, checkpoint: Checkpoint): Promise<void> => {
  const beside = `${path}.${process.pid}.tmp`
  try {
    const file = await open(beside, 'w', 0o600)
    try {
      await writeParts(file, checkpoint, path.endsWith('.gz'))
      await file.sync()
    } finally {
      await file.close()
    }
    await rename(beside, path)
    await syncFolder(dirname(path))
  } catch (error) {
    await rm(beside, { force: true }).catch(() => {})
    throw new RanktideError('CHECKPOINT_INVALID', `${path} cannot be written: ${whyNot(error)}`, { cause: error })
  }
}

const reasons: Readonly<Record<string, string>> = {
  ENOENT: 'its folder does not exist',
  ENOTDIR: 'its folder is a file',
  EISDIR: 'it is a folder',
  EACCES: 'this user may not write in its folder',
  EROFS: 'its folder is read-only',
  ENOSPC: 'the disk is full',
}

const whyNot = (error: unknown): string => {
  const code = error instanceof Error && 'code' in error ? String(error.code) : ''
  return reasons[code] ?? (error instanceof Error ? error.message : String(error))
}

/** Parts that are compressed one by one are one file to gunzip. */
const writeParts = async (file: FileHandle, checkpoint: Checkpoint, compressed: boolean): Promise<void> => {
  let part: string[] = []
  let size = 0
  const flush = async (): Promise<void> => {
    const text = part.join('')
    await file.appendFile(compressed ? gzipSync(text, { level: 1 }) : text)
    part = []
    size = 0
  }
  for (const line of checkpointLines(checkpoint)) {
    part.push(line, '\n')
    size += line.length
    if (size > partSize) await flush()
  }
  await flush()
}

/** Without it a renamed file may be gone after a power cut; some systems cannot, and need not. */
const syncFolder = async (path: string): Promise<void> => {
  const folder = await open(path, 'r').catch(() => undefined)
  await folder?.sync().catch(() => {})
  await folder?.close()
}

export class CheckpointSaver implements Saver {
  readonly #path: string
  readonly #now: () => Checkpoint
  #next = performance.now() + pause

  /** `now`: what has been read so far. */
  constructor(path: string, now: () => Checkpoint) {
    this.#path = path
    this.#now = now
  }

  due(): boolean {
    return performance.now() >= this.#next
  }

  async save(): Promise<void> {
    const begun = performance.now()
    await writeCheckpoint(this.#path, this.#now())
    const ended = performance.now()
    this.#next = ended + Math.max(pause, share * (ended - begun))
  }
}
