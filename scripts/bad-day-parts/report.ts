/** What a day comes to: text for people, JSON for programs. */
import { limits } from './judge.js'
import type { FaultWindow } from './outages.js'
import { type Counts, goal, type OneNumber, shownRate, type ViolatedRead } from './tally.js'

export interface Result {
  readonly passed: boolean
  readonly number: OneNumber
  /** Whether Redis and every replica ended with what the query says, and say `exact`. */
  readonly endsExact: boolean
  readonly worstLag: number
  /** Reads of Redis that would have been more than a second behind for one who looks at the sorted set alone. */
  readonly bareBehind: number
  readonly statements: number
  readonly seconds: number
  readonly seed: number
  readonly faults: readonly { readonly name: string; readonly lasted: number; readonly recovered: number }[]
  /** What reads came to, by what was broken meanwhile; '': nothing. */
  readonly counts: Readonly<Record<string, Counts>>
  readonly unrecovered: readonly string[]
  /** Replicas that ended by themselves, or not with 0 when asked to. */
  readonly unexpectedEnds: number
  readonly violations: readonly ViolatedRead[]
}

export const faultsOf = (windows: readonly FaultWindow[]): Result['faults'] =>
  windows.map(({ name, began, ended = began, closed = ended }) => ({
    name,
    lasted: Math.round(ended - began),
    recovered: Math.round(closed - ended),
  }))

export const isPassed = (number: OneNumber, endsExact: boolean): boolean =>
  number.lies === 0 && number.rate >= goal && endsExact

const violationLine = ({ at, source, rule, claimed, truth, during }: ViolatedRead): string => {
  const when = `${(at / 1_000).toFixed(3)} s`
  return `${when}  ${source}  ${rule}${during === '' ? '' : ` (during: ${during})`}\n    claimed  ${claimed}\n    true     ${truth}`
}

/** How many violations there are of each kind, during what, by whom. */
const sums = (violations: readonly ViolatedRead[]): readonly string[] => {
  const counts = new Map<string, number>()
  for (const { rule, during, source } of violations) {
    const what = `${rule}; ${during === '' ? 'nothing was broken' : `during: ${during}`}; ${source}`
    counts.set(what, (counts.get(what) ?? 0) + 1)
  }
  return [...counts].sort(([, a], [, b]) => b - a).map(([what, count]) => `${String(count).padStart(6)}  ${what}`)
}

const columns = ['current', 'honest', 'violation', 'excused'] as const

const countLines = (counts: Result['counts']): readonly string[] => {
  const row = (name: string, cells: readonly (string | number)[]): string =>
    name.padEnd(24) + cells.map((cell) => String(cell).padStart(11)).join('')
  return [
    row('reads during', columns),
    ...Object.entries(counts).map(([name, count]) =>
      row(
        name === '' ? 'nothing broken' : name,
        columns.map((column) => count[column]),
      ),
    ),
    '',
  ]
}

export const reportLines = (result: Result): readonly string[] => {
  const { number, violations } = result
  const lines = [...violations.map(violationLine)]
  if (violations.length > 0) lines.push('', 'violations, summed up:', ...sums(violations), '')
  lines.push(...countLines(result.counts))
  const { reads, current, honest, excused, lies } = number
  lines.push(
    `${reads} reads in ${result.seconds} s, ${result.statements} statements, ${result.faults.length} faults (seed ${result.seed})`,
    `  current    ${current}  a true board, at most ${limits.lag} ms behind the commit (${Math.round(result.worstLag)} ms while nothing was broken)`,
    `  honest     ${honest}  behind during an outage, and said so with a true age`,
    `  violations ${number.violations}  of them ${lies} claimed to be exact and were wrong`,
    `  excused    ${excused}  not answered by the server that was broken; not counted`,
    `${result.bareBehind} reads of Redis showed a board more than a second old: who looks at the sorted set alone cannot tell`,
  )
  if (result.unexpectedEnds > 0) lines.push(`replicas that ended unasked, or not well: ${result.unexpectedEnds}`)
  for (const what of result.unrecovered) lines.push(`not recovered in time: ${what}`)
  lines.push(`every board equals the query at the end: ${result.endsExact ? 'yes' : 'no'}`)
  lines.push(`truthful reads: ${shownRate(number.rate)} (goal ${goal} %): ${result.passed ? 'passed' : 'FAILED'}`)
  return lines
}
