/** The file of `offsets export`: the report of `show --json` with a head. What it says counts only as far as `import` can use it. */
import { RanktideError } from '../core/errors.js'
import type { OffsetsReport } from './offset-report.js'
import type { FileOffsets } from './offset-target.js'

const head = { ranktide: 'offsets', format: 1 } as const

/** KAFKA_TOPIC where one does not exist: a file that lacks a pipeline is no way back for all of them. */
export const exportText = (report: OffsetsReport): string => {
  const missing = report.pipelines.find(({ missingTopic }) => missingTopic !== null)?.missingTopic
  if (typeof missing === 'string') throw new RanktideError('KAFKA_TOPIC', missing)
  return `${JSON.stringify({ ...head, ...report }, null, 2)}\n`
}

const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/** OFFSETS_FILE, naming the file and the place, for what is no such file. */
export const parseExport = (text: string, file: string): readonly FileOffsets[] => {
  const invalid = (why: string): RanktideError =>
    new RanktideError('OFFSETS_FILE', `${file} ${why}; it has to be a file of: ranktide offsets export FILE`)
  const parsed = parsedOf(text)
  if (!isRecord(parsed)) throw invalid('is not a JSON object')
  if (parsed.ranktide !== head.ranktide) throw invalid('is not a file of offsets')
  if (parsed.format !== head.format)
    throw invalid(`has the format ${String(parsed.format)}, and this version reads ${head.format}`)
  if (!Array.isArray(parsed.pipelines)) throw invalid('has no list "pipelines"')
  const found = parsed.pipelines.map((one: unknown, i) => {
    const read = pipelineOf(one)
    if (typeof read === 'string') throw invalid(`: pipelines[${i}] ${read}`)
    return read
  })
  const twice = found.find(({ name }, i) => found.findIndex((one) => one.name === name) !== i)
  if (twice !== undefined) throw invalid(`has ${twice.name} twice`)
  return found
}

const parsedOf = (text: string): unknown => {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

/** A text says what is wrong. */
const pipelineOf = (one: unknown): FileOffsets | string => {
  if (!isRecord(one)) return 'is not an object'
  const { name, group, partitions } = one
  if (typeof name !== 'string' || typeof group !== 'string') return 'has no name or no group'
  if (!Array.isArray(partitions)) return `(${name}) has no list "partitions"`
  const next = new Map<string, number>()
  const unknown: string[] = []
  for (const row of partitions as readonly unknown[]) {
    if (!isRecord(row) || typeof row.partition !== 'string' || !/^[\w.-]{1,249}\/\d{1,9}$/.test(row.partition))
      return `(${name}) has a partition that is not "topic/number"`
    const { partition, next: offset } = row
    if (next.has(partition) || unknown.includes(partition)) return `(${name}) has ${partition} twice`
    if (offset === null) unknown.push(partition)
    else if (typeof offset === 'number' && Number.isSafeInteger(offset) && offset >= 0) next.set(partition, offset)
    else return `(${name}) has for ${partition} a "next" that is no whole number from 0, and not null`
  }
  return { name, group, next, unknown }
}
