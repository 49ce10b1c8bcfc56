/** A file of recorded messages as the range of a replay. */
import { stat } from 'node:fs/promises'
import { resolve } from 'node:path'
import { RanktideError } from '../core/errors.js'
import type { OffsetSpec } from '../core/offset-spec.js'
import { RecordedFile } from '../sources/recorded-file.js'
import { RecordedRange } from '../sources/recorded-range.js'
import type { RangeSource } from './range-source.js'

export interface FileWords {
  readonly path: string
  readonly from: OffsetSpec
  readonly to: OffsetSpec
  /** Named on the command line; undefined: all that the file has. */
  readonly topics: readonly string[] | undefined
  /** What bare messages are said to be of. */
  readonly topic: string
}

/** Fails with RECORDED_FILE. */
export const openFileSource = async ({ path, from, to, topics, topic }: FileWords): Promise<RangeSource> => {
  const { size } = await fileStat(path)
  const range = new RecordedRange(from, to)
  let done = 0
  const read = (bytes: number): void => {
    done = bytes
  }
  const file = new RecordedFile({ path, range, topics, topic, read })
  return {
    batches: (start) => file.batches(start),
    start: new Map(),
    resolved: () => ({ ...range.resolved, offsets: file.form === 'records' }),
    notes: [],
    kept: null,
    progress: () => ({ done, total: size }),
    close: async () => {},
  }
}

/** Tells one version of a file from another: a checkpoint belongs to one. */
export const fileIdentity = async (path: string): Promise<string> => {
  const { size, mtimeMs } = await fileStat(path)
  return `${resolve(path)} (${size} bytes, of ${new Date(mtimeMs).toISOString()})`
}

const fileStat = async (path: string) => {
  const found = await stat(path).catch((error: unknown) => {
    const missing = error instanceof Error && 'code' in error && error.code === 'ENOENT'
    throw new RanktideError('RECORDED_FILE', missing ? `there is no file ${path}` : String(error))
  })
  if (found.isFile()) return found
  throw new RanktideError('RECORDED_FILE', `${path} is not a file`)
}
