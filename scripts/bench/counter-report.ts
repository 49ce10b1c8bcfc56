/** What the bench of the counters prints: medians of the rounds, one table a database. */
import { type Measure, median } from './measures.js'

/** One size of batch in one round: the ceiling and the counter, one after the other. */
export interface SizeRun {
  /** Events a transaction. */
  readonly size: number
  readonly bare: Measure
  /** The counter, by where its events come from. */
  readonly memory: Measure
  readonly kafka: Measure
}

export interface ServerRuns {
  readonly server: string
  /** What the server says of how durable a commit is. */
  readonly settings: string
  readonly rounds: readonly (readonly SizeRun[])[]
}

const perSecond = ({ messages, seconds }: Measure): number => messages / seconds

type Reader = 'bare' | 'memory' | 'kafka'
const names: Readonly<Record<Reader, string>> = { bare: 'ceiling', memory: 'from memory', kafka: 'from Kafka' }

/** Ratios are taken within a round, where the machine was the same, and then their median. */
const line = (size: number, reader: Reader, rounds: readonly (readonly SizeRun[])[]): string => {
  const of = (pick: (run: SizeRun, single: SizeRun) => number): number =>
    median(
      rounds.flatMap((round) => {
        const [run, single] = [size, 1].map((wanted) => round.find((one) => one.size === wanted))
        return run === undefined || single === undefined ? [] : [pick(run, single)]
      }),
    )
  const cells = [
    Math.round(of((run) => perSecond(run[reader]))).toLocaleString('en'),
    of((run) => perSecond(run[reader]) / perSecond(run.bare)).toFixed(2),
    of((run, single) => perSecond(run[reader]) / perSecond(single[reader])).toFixed(1),
    of((run) => (run[reader].cpuSeconds / run[reader].messages) * 1e6).toFixed(1),
  ]
  const name = `${size.toLocaleString('en').padStart(7)}   ${names[reader]}`
  return `${name.padEnd(24)}${cells.map((cell) => cell.padStart(18)).join('')}`
}

const heads = ['events/s', 'of the ceiling', '× one an event', 'CPU µs/event']

export const counterReport = ({ server, settings, rounds }: ServerRuns): string =>
  [
    `${server}: ${settings}`,
    `${'a batch'.padEnd(24)}${heads.map((head) => head.padStart(18)).join('')}`,
    ...(rounds[0] ?? []).flatMap(({ size }) =>
      (['bare', 'memory', 'kafka'] as const).map((reader) => line(size, reader, rounds)),
    ),
  ].join('\n')
