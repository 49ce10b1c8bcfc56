/** A file of recorded messages, replayed as `ranktide replay --file` does it, without servers. */
import { isLeft } from 'fp-ts/lib/Either.js'
import type { BoardSpec } from '../../src/core/board-spec.js'
import { type OffsetSpec, parseOffsetSpec } from '../../src/core/offset-spec.js'
import { canalJson } from '../../src/formats/canal-json.js'
import { openFileSource } from '../../src/replay/file-source.js'
import { nothingRead, RangeBase, type RangeState } from '../../src/replay/range-base.js'
import { rangeReasons } from '../../src/replay/range-reasons.js'
import { replayRange } from '../../src/replay/replay-range.js'

export const offsetSpec = (text: string): OffsetSpec => {
  const spec = parseOffsetSpec(text)
  if (isLeft(spec)) throw new Error(spec.left)
  return spec.right
}

export interface FileRange {
  readonly from?: string
  readonly to?: string
  /** What an earlier replay came to, to go on from. */
  readonly before?: RangeState
}

export const replayedFile = async (
  path: string,
  spec: BoardSpec,
  { from = 'beginning', to = 'end', before = nothingRead() }: FileRange = {},
) => {
  const words = { path, from: offsetSpec(from), to: offsetSpec(to), topics: undefined, topic: 'recorded' }
  const source = await openFileSource(words)
  const base = new RangeBase(before)
  const decode = canalJson([spec.table])
  const { boards, state } = await replayRange({ spec, decode, batches: (start) => source.batches(start), base })
  const range = source.resolved()
  return { boards, state, range, status: base.status(range.to.size, rangeReasons(range, false)) }
}
