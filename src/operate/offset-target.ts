/** Where offsets are to be set to, as a command line or a file says it. */
import { RanktideError } from '../core/errors.js'
import type { OffsetSpec } from '../core/offset-spec.js'
import { type Positions, parsePartitionId } from '../core/positions.js'
import { type OffsetQuestions, type ResolvedOffsets, resolveOffsets } from '../sources/offset-range.js'
import type { OffsetPipeline } from './offset-pipelines.js'

export type ResetTarget =
  | {
      readonly kind: 'spec'
      readonly spec: OffsetSpec
      /** `0` or `topic/0`; undefined: all. */
      readonly partitions: readonly string[] | undefined
    }
  | { readonly kind: 'file'; readonly file: string; readonly offsets: readonly FileOffsets[] }

/** One pipeline of an exported file. */
export interface FileOffsets {
  readonly name: string
  readonly group: string
  readonly next: Positions
  /** Of which nothing was stored when it was exported. */
  readonly unknown: readonly string[]
}

/** The pipelines that the target is about. OFFSET_INVALID if the file names one that the configuration does not have. */
export const targeted = (pipelines: readonly OffsetPipeline[], target: ResetTarget): readonly OffsetPipeline[] => {
  if (target.kind === 'spec') return pipelines
  const found = pipelines.filter(({ name }) => target.offsets.some((one) => one.name === name))
  if (found.length === 0)
    throw invalid(target.file, `has offsets of ${listed(target.offsets)}, and none of ${listed(pipelines)}`)
  return found
}

export const checkNames = (all: readonly OffsetPipeline[], { file, offsets }: ResetTarget & { kind: 'file' }): void => {
  for (const { name, group } of offsets) {
    const known = all.find((one) => one.name === name)
    if (known === undefined)
      throw invalid(
        file,
        `${name} is not in the configuration, which has ${listed(all)}; take it out of the file, or choose others by --board, --counter or --group`,
      )
    if (known.group !== group)
      throw invalid(file, `${name} has the group ${group} there and ${known.group} in the configuration`)
  }
}

const listed = (names: readonly { readonly name: string }[]): string =>
  names.length === 0 ? 'nothing' : names.map(({ name }) => name).join(', ')

/** Against what the broker has; OFFSET_INVALID, KAFKA_*. */
export const resolveTarget = async (
  { name, topics }: OffsetPipeline,
  target: ResetTarget,
  questions: OffsetQuestions,
): Promise<Pick<ResolvedOffsets, 'positions' | 'notes'>> => {
  if (target.kind === 'spec') return resolveSpec(target, topics, questions)
  const of = target.offsets.find((one) => one.name === name)
  const offsets = of?.next ?? new Map()
  const notes = (of?.unknown ?? []).map((id) => `${target.file} has nothing for ${id}: it stays where it is`)
  if (offsets.size === 0) return { positions: new Map(), notes }
  const spec = { kind: 'map', offsets } as const
  const { positions } = await resolveOffsets(spec, { topics, questions, name: `${target.file}: ${name}` })
  return { positions, notes }
}

const resolveSpec = async (
  { spec, partitions }: ResetTarget & { kind: 'spec' },
  topics: readonly string[],
  questions: OffsetQuestions,
): Promise<Pick<ResolvedOffsets, 'positions' | 'notes'>> => {
  const asked = { topics, questions, name: '--to' }
  if (partitions === undefined) return resolveOffsets(spec, asked)
  const ids = chosen(await questions.partitions(topics), partitions, topics)
  if (spec.kind !== 'map') return resolveOffsets(spec, { ...asked, questions: onlyOf(ids, questions) })
  const { positions, notes } = await resolveOffsets(spec, asked)
  const offsetOf = (id: string): number => {
    const offset = positions.get(id)
    if (offset === undefined) throw invalid('--partition', `${id} is not among those that --to names`)
    return offset
  }
  return { positions: new Map(ids.map((id) => [id, offsetOf(id)])), notes }
}

/** Of these partitions alone: one that is not to be moved need not have the place that is asked for. */
const onlyOf = (ids: readonly string[], questions: OffsetQuestions): OffsetQuestions => ({
  partitions: async () => ids,
  offsetsAt: (partitions, time) => questions.offsetsAt(partitions, time),
  committed: (partitions) => questions.committed(partitions),
})

/** Of `all` those that `--partition` names. */
const chosen = (
  all: readonly string[],
  partitions: readonly string[],
  topics: readonly string[],
): readonly string[] => {
  const idOf = (written: string): string => {
    const ids = all.filter(
      (id) => id === written || (!written.includes('/') && String(parsePartitionId(id).partition) === written),
    )
    const [id, another] = ids
    if (id === undefined) throw invalid('--partition', `there is no partition ${written}; there are ${all.join(', ')}`)
    if (another !== undefined)
      throw invalid(
        '--partition',
        `${written} of which topic? write ${topics.map((one) => `${one}/${written}`).join(' or ')}`,
      )
    return id
  }
  return [...new Set(partitions.map(idOf))]
}

const invalid = (where: string, detail: string): RanktideError =>
  new RanktideError('OFFSET_INVALID', `${where}: ${detail}`)
