/**
 * Which of a file's messages are part of a range. A file tells its offsets only as it is read: of each partition the
 * range begins with the first message at or after `from` and ends before the first at or after `to`. Pure.
 */
import { RanktideError } from '../core/errors.js'
import { isoTime } from '../core/iso-time.js'
import type { OffsetSpec } from '../core/offset-spec.js'
import { type Positions, parsePartitionId, partitionId } from '../core/positions.js'
import type { Message } from '../operators/ports.js'

interface Lane {
  /** The first offset that the file has of it, and the one after the last that was seen. */
  readonly first: number
  end: number
  begun: number | undefined
  ended: number | undefined
  /** Offsets of the range that the file does not have: the first such places, in words. */
  readonly missing: string[]
}

export interface ResolvedRecording {
  readonly from: Positions
  readonly to: Positions
  /** Partitions that the file has and that are not part of the range. */
  readonly unread: readonly string[]
  /** Offsets between those that the file has of the range: what they held is not known. */
  readonly missing: readonly string[]
}

/** Places that are kept of each partition. */
const mostMissing = 10

const gap = (from: number, to: number, id: string): string =>
  to - from === 1 ? `offset ${from} of ${id}` : `offsets ${from} to ${to - 1} of ${id}`

export class RecordedRange {
  readonly #from: OffsetSpec
  readonly #to: OffsetSpec
  readonly #lanes = new Map<string, Lane>()

  /** OFFSET_INVALID for what a file can't tell. */
  constructor(from: OffsetSpec, to: OffsetSpec) {
    for (const [name, { kind }] of [
      ['--from', from],
      ['--to', to],
    ] as const)
      if (kind === 'committed') throw invalid(name, 'a file has no committed offsets; type beginning, end or an offset')
    if (from.kind === 'time' && to.kind === 'time' && from.at > to.at)
      throw invalid('--from', `${isoTime(from.at)} is later than --to ${isoTime(to.at)}; turn them round`)
    this.#from = from
    this.#to = to
  }

  /** Whether it is part of the range. False, too, once the offsets of its partition do not rise. */
  takes(message: Message): boolean {
    const { topic, partition, offset } = message
    const id = partitionId(topic, partition)
    const known = this.#lanes.get(id)
    const lane = known ?? { first: offset, end: offset, begun: undefined, ended: undefined, missing: [] }
    const { end } = lane
    this.#lanes.set(id, lane)
    lane.end = offset + 1
    if (!names(this.#from, id) || !names(this.#to, id)) return false
    if (lane.begun === undefined && isAtOrAfter(this.#from, id, message)) lane.begun = offset
    if (lane.begun === undefined) return false
    if (lane.ended === undefined && this.#to.kind !== 'end' && isAtOrAfter(this.#to, id, message)) lane.ended = offset
    if (lane.ended !== undefined) return false
    if (offset > end && lane.begun !== offset && lane.missing.length < mostMissing)
      lane.missing.push(gap(end, offset, id))
    return true
  }

  /** Where the next message of the partition may stand at the earliest. */
  next(topic: string, partition: number): number {
    return this.#lanes.get(partitionId(topic, partition))?.end ?? 0
  }

  /** What it came to, once the file has been read. OFFSET_INVALID for offsets that it does not have. */
  get resolved(): ResolvedRecording {
    this.#checkNamed('--from', this.#from)
    this.#checkNamed('--to', this.#to)
    const from = new Map<string, number>()
    const to = new Map<string, number>()
    for (const [id, lane] of this.#lanes) {
      if (!names(this.#from, id) || !names(this.#to, id)) continue
      const [begin, end] = [offsetIn(this.#from, id) ?? lane.begun ?? lane.end, offsetIn(this.#to, id)]
      this.#checkHeld('--from', id, begin, lane)
      this.#checkHeld('--to', id, end ?? lane.end, lane)
      const until = Math.max(end ?? lane.ended ?? lane.end, end === undefined ? begin : 0)
      if (begin > until) throw invalid('--from', `${begin} is after --to ${until} in ${id}; turn them round`)
      from.set(id, begin)
      to.set(id, until)
    }
    const lanes = [...this.#lanes]
    const unread = lanes.flatMap(([id]) => (from.has(id) ? [] : [id]))
    return { from, to, unread, missing: lanes.flatMap(([, { missing }]) => missing) }
  }

  #checkNamed(name: string, spec: OffsetSpec): void {
    if (spec.kind !== 'map') return
    const missing = [...spec.offsets.keys()].find(
      (written) => ![...this.#lanes.keys()].some((id) => isMeant(written, id)),
    )
    if (missing !== undefined) throw invalid(name, `the file has no partition ${missing}; it has ${this.#held()}`)
  }

  #checkHeld(name: string, id: string, offset: number, { first, end }: Lane): void {
    if (offset >= first && offset <= end) return
    throw invalid(name, `${offset} is not in the file, which has ${first} to ${end} of ${id}`)
  }

  #held(): string {
    const all = [...this.#lanes].map(([id, { first, end }]) => `${id}: ${first} to ${end}`)
    return all.length === 0 ? 'no messages' : all.slice(0, 12).join(', ')
  }
}

const isMeant = (written: string, id: string): boolean =>
  written === id || (!written.includes('/') && Number(written) === parsePartitionId(id).partition)

/** Partitions that a map does not name are not read. */
const names = (spec: OffsetSpec, id: string): boolean => spec.kind !== 'map' || offsetIn(spec, id) !== undefined

const offsetIn = (spec: OffsetSpec, id: string): number | undefined => {
  if (spec.kind === 'offset') return spec.offset
  if (spec.kind !== 'map') return undefined
  for (const [written, offset] of spec.offsets) if (isMeant(written, id)) return offset
  return undefined
}

const isAtOrAfter = (spec: OffsetSpec, id: string, { offset, timestamp }: Message): boolean => {
  switch (spec.kind) {
    case 'beginning':
      return true
    case 'time':
      return timestamp !== undefined && timestamp >= spec.at
    case 'offset':
    case 'map':
      return offset >= (offsetIn(spec, id) ?? Number.POSITIVE_INFINITY)
    default:
      return false
  }
}

const invalid = (name: string, detail: string): RanktideError =>
  new RanktideError('OFFSET_INVALID', `${name}: ${detail}`)
