/** What `ranktide offsets` prints for people. */
import type { PipelinePlan } from '../operate/offset-plan.js'
import type { OffsetsReport, PipelineOffsets } from '../operate/offset-report.js'
import type { ResetReport } from '../operate/reset-offsets.js'
import { secondsText } from './status-text.js'
import { textTable } from './text-table.js'

const numberText = (value: number | null): string => (value === null ? '-' : String(value))

export const offsetsText = ({ pipelines }: OffsetsReport): string =>
  pipelines.length === 0
    ? 'The configuration has neither boards nor counters.\n'
    : pipelines.map(pipelineText).join('\n')

const activeText = (active: boolean | null): string => (active === null ? 'unknown' : active ? 'ACTIVE' : 'not active')

const pipelineText = (pipeline: PipelineOffsets): string => {
  const { name, kind, group, active, activity, state, missingTopic, partitions } = pipeline
  if (missingTopic !== null) return `${name} (group ${group})\n[-] there is no topic ${missingTopic}\n`
  const what = kind === 'board' ? `, ${state ?? 'not in Redis: no worker has published it'}` : ''
  const again = partitions.some(({ next, position }) => next !== position)
  const heads = ['PARTITION', 'FIRST', 'COMMITTED', 'NEXT', ...(again ? ['BOARD AT'] : []), 'END', 'LAG', 'OLDEST']
  const rows = partitions.map((row) => [
    row.partition,
    ...[row.first, row.committed, row.next].map(numberText),
    ...(again ? [numberText(row.position)] : []),
    ...[row.end, row.lag].map(numberText),
    row.lag === null || row.lagSeconds === null ? '-' : row.lag === 0 ? '' : secondsText(row.lagSeconds),
  ])
  return `${name} (group ${group})${what}\n${activeText(active)}: ${activity}\n${textTable(heads, rows)}${goneText(kind, partitions)}`
}

/** Of what is to be read on, what the topic no longer has: LAG counts it too, and nobody will ever read it. */
const goneText = (kind: PipelineOffsets['kind'], partitions: PipelineOffsets['partitions']): string =>
  partitions
    .map(({ partition, first, next }) => {
      if (first === null || next === null || next >= first) return ''
      const then =
        kind === 'board' ? 'the next start reads the board from its table' : 'docs/counters.md says what to do (onLoss)'
      return `- ${partition} begins at ${first}: ${first - next} of these offsets are GONE (retention); ${then}\n`
    })
    .join('')

/** `line`: the command that was given, to be repeated with `--execute`; `file`: what names the configuration, or nothing. */
export const resetText = ({ executed, plans, notes }: ResetReport, line: string, file: string): string => {
  const changing = plans.filter(({ action }) => action !== 'none')
  const told = plans.map(planText).join('\n')
  const noted = notes.map((note) => `note: ${note}\n`).join('')
  return `${told}${noted === '' ? '' : `\n${noted}`}\n${conclusion(executed, changing, line, file)}`
}

const planText = ({ name, group, active, activity, moves, effects }: PipelinePlan): string => {
  const rows = moves.map(({ partition, from, to, first, end }) => [
    partition,
    ...[from, to].map(numberText),
    from === null || from === to ? '' : `${to > from ? '+' : ''}${to - from}`,
    ...[first, end].map(numberText),
  ])
  const table = rows.length === 0 ? '' : textTable(['PARTITION', 'FROM', 'TO', 'BY', 'FIRST', 'END'], rows)
  const means = effects.map((effect) => `- ${effect}\n`).join('')
  return `${name} (group ${group})\n${activeText(active)}: ${activity}\n${table}${means}`
}

const conclusion = (executed: boolean, changing: readonly PipelinePlan[], line: string, file: string): string => {
  if (changing.length === 0) return 'Nothing to do.\n'
  if (executed) return `Done. Before: ${changing.map(beforeText).join('; ')}.\n${undoText(changing, file)}`
  const active = changing.filter((plan) => plan.active === true).map(({ name }) => name)
  const stop =
    active.length === 0
      ? ''
      : ` It is refused while ${active.join(', ')} ${active.length === 1 ? 'is' : 'are'} active: stop the workers first.`
  return `Nothing was changed: this is the plan.${stop}\nTo do it: ${line}${file} --execute\n`
}

const beforeText = ({ name, moves }: PipelinePlan): string =>
  `${name} ${moves.map(({ partition, from }) => `${partition}:${from ?? 'nothing'}`).join(',')}`

/** A line a pipeline; what had no offset stored cannot be given back. */
const undoText = (plans: readonly PipelinePlan[], file: string): string =>
  plans
    .map(({ name, kind, moves, action }) => {
      if (action === 'fill') return `${name}: nothing to undo, it is read from its table.\n`
      const before = moves.flatMap(({ partition, from }) => (from === null ? [] : [`${partition}:${from}`]))
      const which = kind === 'history' ? '--history' : `--${kind} ${name.slice(name.indexOf('.') + 1)}`
      return before.length === 0
        ? ''
        : `To undo: ranktide offsets reset ${which} --to ${before.join(',')}${file} --execute\n`
    })
    .join('')
