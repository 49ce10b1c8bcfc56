import type { SQLFragment } from 'zapatos/db'
import type { Session } from './connection.js'

/** Inserts that are made if the condition holds; the offsets' rows are locked by then. */
export type Additions = (condition: SQLFragment) => readonly SQLFragment[]

/** What a batch adds. */
export interface Batch {
  readonly items: number
  /** The items from `first` to before `end` with all that is theirs: by parts those are found that can't be added. */
  part(first: number, end: number): Additions
  /** Why an item is refused, as a dead letter tells it. */
  tell(session: Session, why: string): Promise<string>
}

export const allOf = (batch: Batch): Additions => batch.part(0, batch.items)
