/**
 * What a place in topics comes to, partition by partition, as the broker has it now. What is not there is refused with
 * OFFSET_INVALID, which says what is; nothing is ever moved silently to where something is.
 */
import { RanktideError } from '../core/errors.js'
import type { Bounds } from '../core/events-lost.js'
import { isoTime } from '../core/iso-time.js'
import { nearestName } from '../core/nearest-name.js'
import type { OffsetSpec } from '../core/offset-spec.js'
import { type Positions, parsePartitionId, partitionId } from '../core/positions.js'
import { EARLIEST, LATEST } from './kafka-offsets.js'

/** A `KafkaConnection` answers them. */
export interface OffsetQuestions {
  /** All partitions (`topic/partition`) of the topics. KAFKA_TOPIC, with the name that was probably meant. */
  partitions(topics: readonly string[]): Promise<readonly string[]>
  /** First offset at or after `time` (ms), -1 if there is none; or EARLIEST, or LATEST. */
  offsetsAt(partitions: readonly string[], time: number): Promise<Positions>
  /** Without partitions of which nothing is committed. */
  committed(partitions: readonly string[]): Promise<Positions>
}

export interface OffsetsAsked {
  readonly topics: readonly string[]
  readonly questions: OffsetQuestions
  /** Stands in front of what is refused: the option it was given by, such as `--to`. */
  readonly name: string
}

export interface ResolvedOffsets {
  /** Of every partition; of a map only those that it names. */
  readonly positions: Positions
  /** Sentences about what was asked for and is not quite so. */
  readonly notes: readonly string[]
  /** First and end offset of every partition, asked just before. */
  readonly bounds: Bounds
}

export interface ResolvedRange {
  readonly from: Positions
  /** The first offsets that are not part of it. */
  readonly to: Positions
  readonly notes: readonly string[]
  readonly bounds: Bounds
}

/** First and end offset of every partition of the topics. */
export const boundsOf = async (topics: readonly string[], questions: OffsetQuestions): Promise<Bounds> => {
  const partitions = await questions.partitions(topics)
  // Ends first: what comes between the questions is then past them, and not lost to who begins there.
  const ends = await questions.offsetsAt(partitions, LATEST)
  return { first: await questions.offsetsAt(partitions, EARLIEST), ends }
}

export const resolveOffsets = async (spec: OffsetSpec, asked: OffsetsAsked): Promise<ResolvedOffsets> => {
  const bounds = await boundsOf(asked.topics, asked.questions)
  return { bounds, ...(await within(spec, asked, bounds)) }
}

/** Half-open: what lies from `from` on and before `to`. Partitions that one of them does not name are left out. */
export const resolveRange = async ({
  from,
  to,
  topics,
  questions,
}: {
  readonly from: OffsetSpec
  readonly to: OffsetSpec
  readonly topics: readonly string[]
  readonly questions: OffsetQuestions
}): Promise<ResolvedRange> => {
  if (from.kind === 'time' && to.kind === 'time' && from.at > to.at)
    throw invalid('--from', `${isoTime(from.at)} is later than --to ${isoTime(to.at)}; turn them round`)
  const bounds = await boundsOf(topics, questions)
  const begin = await within(from, { topics, questions, name: '--from' }, bounds)
  const end = await within(to, { topics, questions, name: '--to' }, bounds)
  const all = [...bounds.ends.keys()]
  const read = all.filter((id) => begin.positions.has(id) && end.positions.has(id))
  if (read.length === 0)
    throw invalid('--from and --to', `name no partition that both have; there are ${listed(all, bounds)}`)
  for (const id of read) checkOrder(id, begin.positions, end.positions, bounds)
  const left = all.filter((id) => !read.includes(id))
  const empty = read.every((id) => begin.positions.get(id) === end.positions.get(id))
  return {
    from: only(begin.positions, read),
    to: only(end.positions, read),
    notes: [
      ...begin.notes,
      ...end.notes,
      ...(left.length === 0 ? [] : [`not read, since they are not named: ${cut(left)}`]),
      ...(empty ? [`nothing lies between --from and --to; there are ${listed(read, bounds)}`] : []),
    ],
    bounds,
  }
}

const checkOrder = (id: string, from: Positions, to: Positions, bounds: Bounds): void => {
  const [begin = 0, end = 0] = [from.get(id), to.get(id)]
  if (begin > end)
    throw invalid('--from', `${begin} is after --to ${end} in ${id}, which has ${held(id, bounds)}; turn them round`)
}

const only = (positions: Positions, ids: readonly string[]): Positions =>
  new Map(ids.map((id) => [id, positions.get(id) ?? 0]))

interface Within {
  readonly positions: Positions
  readonly notes: readonly string[]
}

const within = async (spec: OffsetSpec, asked: OffsetsAsked, bounds: Bounds): Promise<Within> => {
  const { name } = asked
  const all = [...bounds.ends.keys()]
  switch (spec.kind) {
    case 'beginning':
      return { positions: bounds.first, notes: [] }
    case 'end':
      return { positions: bounds.ends, notes: [] }
    case 'committed':
      return { positions: await committed(asked, bounds), notes: [] }
    case 'offset': {
      const positions = new Map(all.map((id) => [id, spec.offset]))
      checkBounds(name, positions, bounds)
      return { positions, notes: [] }
    }
    case 'map': {
      const positions = named(spec.offsets, asked, bounds)
      checkBounds(name, positions, bounds)
      return { positions, notes: [] }
    }
    case 'time':
      return atTime(spec.at, asked, bounds)
  }
}

const committed = async ({ name, questions }: OffsetsAsked, bounds: Bounds): Promise<Positions> => {
  const all = [...bounds.ends.keys()]
  const found = await questions.committed(all)
  const without = all.filter((id) => !found.has(id))
  if (without.length > 0)
    throw invalid(
      name,
      `the group has committed nothing for ${cut(without)}; type beginning, end or an offset; there are ${listed(without, bounds)}`,
    )
  checkBounds(name, found, bounds)
  return found
}

/** The partitions that a map means, in full. */
const named = (offsets: Positions, { name, topics }: OffsetsAsked, bounds: Bounds): Positions => {
  const positions = new Map<string, number>()
  for (const [written, offset] of offsets) {
    const id = fullId(written, name, topics)
    if (!bounds.ends.has(id)) throw invalid(name, noPartition(id, topics, bounds))
    if (positions.has(id)) throw invalid(name, `${id} is named twice; name each partition once`)
    positions.set(id, offset)
  }
  return positions
}

const fullId = (written: string, name: string, topics: readonly string[]): string => {
  if (written.includes('/')) return written
  const [topic, another] = topics
  if (topic === undefined || another !== undefined)
    throw invalid(
      name,
      `partition ${written} of which topic? write ${topics.map((one) => `${one}/${written}:…`).join(' or ')}`,
    )
  return partitionId(topic, Number(written))
}

const noPartition = (id: string, topics: readonly string[], bounds: Bounds): string => {
  const { topic } = parsePartitionId(id)
  if (topics.includes(topic)) {
    const there = [...bounds.ends.keys()].filter((one) => parsePartitionId(one).topic === topic)
    return `there is no partition ${id}; there are ${listed(there, bounds)}`
  }
  const near = nearestName(topic, topics)
  return `${topic} is none of the topics here${near === undefined ? '' : `; did you mean ${near}?`}; there are ${listed([...bounds.ends.keys()], bounds)}`
}

const checkBounds = (name: string, positions: Positions, bounds: Bounds): void => {
  for (const [id, offset] of positions) {
    const [first, end] = [bounds.first.get(id) ?? 0, bounds.ends.get(id) ?? 0]
    if (offset >= first && offset <= end) continue
    const others = positions.size > 1 ? `; there are ${listed([...positions.keys()], bounds)}` : ''
    throw invalid(name, `${offset < first ? passed(id, offset, bounds) : beyond(id, offset, bounds)}${others}`)
  }
}

const passed = (id: string, offset: number, bounds: Bounds): string =>
  `${id} no longer has ${offset}: it has ${held(id, bounds)}, what was before is deleted (its retention has passed); type beginning to begin at ${bounds.first.get(id)}`

const beyond = (id: string, offset: number, bounds: Bounds): string => {
  // Offsets come nowhere near the number of milliseconds since 2001.
  const time =
    offset > 1e12 && offset < 1e14 ? `; ${offset} may be a time in milliseconds: type ${isoTime(offset)}` : ''
  return `${offset} is past the end of ${id}, which has ${held(id, bounds)}; type end for its end${time}`
}

const atTime = async (at: number, { questions }: OffsetsAsked, bounds: Bounds): Promise<Within> => {
  const all = [...bounds.ends.keys()]
  const found = await questions.offsetsAt(all, at)
  const positions = new Map<string, number>()
  const notes: string[] = []
  for (const id of all) {
    const [first, end] = [bounds.first.get(id) ?? 0, bounds.ends.get(id) ?? 0]
    const offset = found.get(id) ?? -1
    // Past the end that was asked before: it came in between.
    positions.set(id, offset < 0 ? end : Math.min(offset, end))
    if (first === end) notes.push(`${id} is empty: ${held(id, bounds)}`)
    else if (offset < 0 || offset >= end)
      notes.push(`no message of ${id} is as new as ${isoTime(at)}: that is its end, ${end}`)
    else if (offset <= first)
      notes.push(
        `no message of ${id} is older than ${isoTime(at)}: that is its beginning, ${first}${first > 0 ? ', and what was before is deleted' : ''}`,
      )
  }
  return { positions, notes }
}

/** First and end offset of one partition, in words. */
const held = (id: string, { first, ends }: Bounds): string => {
  const [begin, end] = [first.get(id) ?? 0, ends.get(id) ?? 0]
  return begin === end ? `no messages (it begins and ends at ${end})` : `${begin} to ${end} (its end)`
}

/** Partitions that an error names one by one. */
const shown = 12

const cut = (texts: readonly string[]): string =>
  texts.length > shown ? `${texts.slice(0, shown).join(', ')} and ${texts.length - shown} more` : texts.join(', ')

const listed = (ids: readonly string[], bounds: Bounds): string => cut(ids.map((id) => `${id}: ${held(id, bounds)}`))

const invalid = (name: string, detail: string): RanktideError =>
  new RanktideError('OFFSET_INVALID', `${name}: ${detail}`)
