/**
 * Folds the events of a window: of each key only the newest image stays. Images are absolute, so nothing is lost; the
 * order of keys inside a segment does not matter. A control is a boundary: what came before it is never folded with
 * what comes after. A key change is two rows (gone there, here), so it folds like any other.
 */
import type { Control, FeedEvent, HeldUp, Rewound, RowChange } from './change.js'
import type { Image, TableShape, Value } from './table.js'

/** A key's changes in one segment as one: what it was before the first of them and what it is after the last. */
export interface FoldedChange {
  readonly key: string
  readonly after: Image | null
  /** Commit time of the last change; undefined when not told. */
  readonly es: number | undefined
  /** The before-image of the first change, and that change's commit time. */
  readonly before: readonly (Value | undefined)[] | undefined
  readonly beforeEs: number | undefined
}

export type RowsSegment = {
  readonly kind: 'rows'
  readonly rows: ReadonlyMap<TableShape, ReadonlyMap<string, FoldedChange>>
}

export type Segment = RowsSegment | Rewound | HeldUp | Exclude<Control, { kind: 'marker' }>

export interface Folded {
  readonly segments: readonly Segment[]
  /** Nonces of the markers seen. They bound nothing: a barrier is a position that is asked for later. */
  readonly markers: readonly string[]
}

export const foldNewest = (events: Iterable<FeedEvent>): Folded => {
  const segments: Segment[] = []
  const markers: string[] = []
  let open: Map<TableShape, Map<string, FoldedChange>> | undefined
  for (const event of events) {
    if (event.kind === 'row') {
      if (open === undefined) {
        open = new Map()
        segments.push({ kind: 'rows', rows: open })
      }
      foldRow(open, event)
    } else if (event.kind === 'marker') {
      markers.push(event.nonce)
    } else {
      segments.push(event)
      open = undefined
    }
  }
  return { segments, markers }
}

const foldRow = (open: Map<TableShape, Map<string, FoldedChange>>, change: RowChange): void => {
  let rows = open.get(change.table)
  if (rows === undefined) {
    rows = new Map()
    open.set(change.table, rows)
  }
  const first = rows.get(change.key)
  rows.set(change.key, {
    key: change.key,
    after: change.after,
    es: change.es,
    before: first === undefined ? change.before : first.before,
    beforeEs: first === undefined ? change.es : first.beforeEs,
  })
}
