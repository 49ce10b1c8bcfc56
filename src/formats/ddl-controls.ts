/**
 * A DDL statement → the controls of the tracked tables that it touches, in the order of the statement, at most one a
 * table and kind.
 *
 * What is certain is told as it is (`truncate`: the rows are gone). Where a name can't be resolved for certain, because
 * it differs by case or its default database isn't known, the control is `renamed`: the rows may be others, which a
 * rebuild finds out. A TRUNCATE believed wrongly would empty a board that still says it is exact.
 */
import type { Control } from '../core/change.js'
import type { TableShape } from '../core/table.js'
import { type DdlEffect, type EffectKind, namesIn, type TableEffect } from './ddl-effects.js'
import type { TrackedTables } from './tracked-tables.js'

const controlOf = (kind: EffectKind, table: TableShape): Control => {
  switch (kind) {
    case 'truncated':
      return { kind: 'truncate', table, dropped: false }
    case 'dropped':
      return { kind: 'truncate', table, dropped: true }
    case 'replaced':
      return { kind: 'renamed', table }
    case 'altered':
      return { kind: 'altered', table }
  }
}

const sameControl = (a: Control, b: Control): boolean =>
  a.kind === b.kind && a.kind !== 'marker' && b.kind !== 'marker' && a.table === b.table

const effectControls = (
  effects: readonly TableEffect[],
  tracked: TrackedTables,
  messageDatabase: string,
): readonly Control[] => {
  // Canal fills in the database of the name that it reports. If a name is qualified, that may not be the session's.
  const known = messageDatabase !== '' && effects.every((effect) => effect.database === undefined)
  const controls: Control[] = []
  for (const { kind, database, table } of effects) {
    const written = database ?? (known ? messageDatabase : undefined)
    for (const shape of tracked.loosely(written, table)) {
      const certain = shape.database === written && shape.table === table
      const control = controlOf(certain ? kind : 'replaced', shape)
      if (!controls.some((other) => sameControl(control, other))) controls.push(control)
    }
  }
  return controls
}

export const ddlControls = (effect: DdlEffect, tracked: TrackedTables, messageDatabase: string): readonly Control[] => {
  switch (effect.of) {
    case 'tables':
      return effectControls(effect.effects, tracked, messageDatabase)
    case 'database':
      return tracked
        .ofDatabase(effect.database)
        .map((table) => controlOf(table.database === effect.database ? 'dropped' : 'replaced', table))
    default:
      return []
  }
}

/** For a statement that says nothing (empty, or not understood): what its type alone does to the table it names. */
export const controlsByType = (type: string, shapes: readonly TableShape[]): readonly Control[] => {
  const kinds: Readonly<Record<string, EffectKind>> = {
    TRUNCATE: 'truncated',
    ERASE: 'dropped',
    RENAME: 'replaced',
    ALTER: 'altered',
  }
  const kind = Object.hasOwn(kinds, type) ? kinds[type] : undefined
  return kind === undefined ? [] : shapes.map((table) => controlOf(kind, table))
}

/** The tracked tables that a statement names anywhere. */
export const tablesNamedIn = (sql: string, tracked: TrackedTables, database: string): readonly TableShape[] => {
  const named = new Set<TableShape>()
  for (const name of namesIn(sql)) {
    const written = name.database ?? (database === '' ? undefined : database)
    for (const shape of tracked.loosely(written, name.table)) named.add(shape)
  }
  return [...named]
}
