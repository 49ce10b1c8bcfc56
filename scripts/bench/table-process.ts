/** The database of the bench, in a process of its own so that its work is not the worker's: knows the table at any offset. */
import { Traffic, type TrafficOptions } from './traffic.js'

export type TableRequest =
  | { readonly kind: 'open'; readonly traffic: TrafficOptions }
  | { readonly kind: 'read'; readonly request: number; readonly offset: number; readonly limit: number }

export interface TableAnswer {
  readonly request: number
  /** The table is that of this offset. */
  readonly offset: number
  readonly rows: readonly { readonly id: number; readonly score: number }[]
}

let traffic: Traffic | undefined
process.on('message', (asked: TableRequest) => {
  if (asked.kind === 'open') {
    traffic = new Traffic(asked.traffic)
    return
  }
  if (traffic === undefined) throw new Error('the table is not open')
  traffic.advance(asked.offset)
  const answer: TableAnswer = { request: asked.request, offset: traffic.index, rows: traffic.best(asked.limit) }
  process.send?.(answer)
})
