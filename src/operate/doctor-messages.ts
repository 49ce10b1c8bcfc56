/** What the last messages of a topic tell of Canal: whether they are its, of the right tables, and can be read. Pure. */
import { isLeft } from 'fp-ts/lib/Either.js'
import type { BoardSpec } from '../core/board-spec.js'
import { nearestName } from '../core/nearest-name.js'
import type { MarkerTable } from '../databases/mysql/marker.js'
import { canalJson } from '../formats/canal-json.js'
import { peekTable } from '../formats/peek-table.js'
import type { Message } from '../operators/ports.js'
import { adviceFor } from './doctor-advice.js'
import { type DoctorFinding, fine, notAsked, warning, wrong } from './doctor-finding.js'

export interface Sample {
  readonly topic: string
  readonly partitions: number
  /** The last ones of each partition. */
  readonly messages: readonly Message[]
  /** `database.table` of the boards on this topic. */
  readonly tables: readonly string[]
  /** Of those boards that can be kept. */
  readonly specs: readonly BoardSpec[]
  readonly marker: MarkerTable | undefined
  /** ms since 1970. */
  readonly now: number
}

/** What Canal's producer refuses unless told otherwise (kafka.max.request.size), in bytes. */
const canalLimit = 1_048_576

export const sampleFindings = (sample: Sample): readonly DoctorFinding[] => {
  const { topic, messages, now } = sample
  const name = `messages ${topic}`
  if (messages.length === 0) {
    const advice = `see whether Canal runs and writes this topic (canal.serverMode=kafka, canal.mq.topic=${topic}); change a row and look again`
    return [warning(name, 'the topic holds none', advice)]
  }
  const peeked = messages.map((message) => ({ message, table: peekTable(message.value) }))
  const flat = peeked.filter(({ table }) => table !== undefined)
  const newest = Math.max(...messages.map(({ timestamp = 0 }) => timestamp))
  const age = newest === 0 ? '' : `, the newest of ${ageText(now - newest)} ago`
  const looked = `the last ${messages.length} of ${sample.partitions} partition(s)${age}`
  if (flat.length === 0) {
    const detail = `${looked}: none is one of Canal's flat JSON messages`
    return [
      wrong(name, detail, `set canal.mq.flatMessage=true in Canal, or correct topic: is ${topic} what Canal writes?`),
    ]
  }
  return [fine(name, looked), ...tableFindings(sample, peeked), decodeFinding(sample), sizeFinding(sample)]
}

export const ageText = (ms: number): string => {
  const seconds = Math.max(0, ms) / 1000
  if (seconds < 60) return `${seconds.toFixed(1)} s`
  if (seconds < 5_400) return `${Math.round(seconds / 60)} min`
  return seconds < 172_800 ? `${Math.round(seconds / 3_600)} h` : `${Math.round(seconds / 86_400)} days`
}

interface Peeked {
  readonly message: Message
  readonly table: ReturnType<typeof peekTable>
}

const fullName = (table: Peeked['table'] | MarkerTable): string =>
  table === undefined || table.table === '' ? '' : `${table.database}.${table.table}`

const tableFindings = (sample: Sample, peeked: readonly Peeked[]): readonly DoctorFinding[] => {
  const { tables, marker, now, topic } = sample
  const others = [...new Set(peeked.map((one) => fullName(one.table)))].filter(
    (name) => name !== '' && name !== fullName(marker),
  )
  return tables.map((table) => {
    const name = `changes ${table}`
    const own = peeked.filter((one) => fullName(one.table) === table)
    if (own.length > 0) {
      const newest = Math.max(...own.map(({ message }) => message.timestamp ?? 0))
      const partitions = new Set(own.map(({ message }) => message.partition))
      const detail = `${own.length} of these messages${newest === 0 ? '' : `, the last ${ageText(now - newest)} ago`}`
      if (partitions.size === 1) return fine(name, detail)
      return warning(
        name,
        `${detail}, in ${partitions.size} partitions: TRUNCATE and changed keys may overtake rows`,
        `one partition a tracked table keeps them in order: in Canal leave canal.mq.partitionHash of ${table} empty`,
      )
    }
    const rest = others.filter((other) => !tables.includes(other))
    if (rest.length === 0) return fine(name, 'none among these messages, and none of other tables: nothing has changed')
    return strangers(name, table, topic, rest)
  })
}

const strangers = (name: string, table: string, topic: string, others: readonly string[]): DoctorFinding => {
  const shown = `${others.slice(0, 3).join(', ')}${others.length > 3 ? ` and ${others.length - 3} more` : ''}`
  const detail = `none among these messages, which are of ${shown}`
  const near = nearestName(table, others)
  const filter = `Canal's canal.instance.filter.regex has to let it through, into ${topic}`
  return warning(
    name,
    detail,
    near === undefined ? `if it has changed lately: ${filter}` : `did you mean ${near}? Else: ${filter}`,
  )
}

const decodeFinding = ({ messages, specs, marker, topic }: Sample): DoctorFinding => {
  const name = `decoding ${topic}`
  if (specs.length === 0) return notAsked(name, 'the tables of the boards are not known')
  const decode = canalJson([...new Set(specs.map(({ table }) => table))], marker === undefined ? {} : { marker })
  const refused = new Map<string, number>()
  let rows = 0
  for (const { value } of messages) {
    const decoded = decode(value)
    if (isLeft(decoded)) refused.set(decoded.left.refusal.code, (refused.get(decoded.left.refusal.code) ?? 0) + 1)
    else rows += decoded.right.events.filter(({ kind }) => kind === 'row').length
  }
  if (refused.size === 0) return fine(name, `all can be read; ${rows} row(s) of tracked tables in them`)
  const most = [...refused].sort(([, a], [, b]) => b - a)
  const total = most.reduce((sum, [, count]) => sum + count, 0)
  const detail = `${total} of ${messages.length} are refused: ${most.map(([code, count]) => `${count} ${code}`).join(', ')}`
  return wrong(name, detail, most.map(([code]) => `${code}: ${adviceFor(code)}`).join('; '))
}

const sizeFinding = ({ messages, topic }: Sample): DoctorFinding => {
  const largest = Math.max(...messages.map(({ value }) => value?.byteLength ?? 0))
  const detail = `the largest of these messages has ${largest} bytes`
  const name = `sizes ${topic}`
  if (largest < 0.8 * canalLimit) return fine(name, detail)
  return warning(
    name,
    `${detail}; Canal stands still at one that it may not send`,
    `raise kafka.max.request.size in Canal (1 MiB unless set) and max.message.bytes of ${topic}; ranktide takes 16 MiB`,
  )
}
