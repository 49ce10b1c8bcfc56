/**
 * Whether what Redis has of a board is the board that this replica's configuration asks for. Between a reload and the
 * first publish after it, and while replicas run with different configurations, it is not: it is shown as what it was,
 * and never as exact.
 */
import type { BoardStatus } from '../core/board-content.js'
import { isWell } from '../core/board-content.js'
import { definitionOf } from '../core/board-definition.js'
import type { BoardSpec } from '../core/board-spec.js'
import type { BoardMeta } from '../operators/ports.js'

/** A feed's boards as this replica was told to keep them. */
export interface DefinedFeed {
  readonly topics: readonly string[]
  /** Of before the last reloads, newest first. */
  readonly former: readonly BoardSpec[]
}

/** What becomes of a board of which Redis has the content of another definition. */
export const otherDefinition = 'kept under another configuration'

/** Specs are made anew when the table or the configuration changes, and never changed. A feed's topics are its name. */
const known = new WeakMap<BoardSpec, string>()

const definitionIn = (spec: BoardSpec, { topics }: Pick<DefinedFeed, 'topics'>): string => {
  const found = known.get(spec) ?? definitionOf(spec, topics)
  known.set(spec, found)
  return found
}

export const isDefinedAs = (
  spec: BoardSpec,
  feed: Pick<DefinedFeed, 'topics'>,
  { definition }: Pick<BoardMeta, 'definition'>,
): boolean => definitionIn(spec, feed) === definition

/** The status that content with this meta has as the board `spec`. */
export const statusAs = (
  spec: BoardSpec,
  feed: Pick<DefinedFeed, 'topics'>,
  meta: Pick<BoardMeta, 'definition' | 'status'>,
): BoardStatus =>
  isWell(meta.status) && !isDefinedAs(spec, feed, meta) ? { state: 'stale', reason: otherDefinition } : meta.status

/** The spec that content with this meta was made by, as far as this replica remembers it; else that of now. */
export const specBehind = (spec: BoardSpec, feed: DefinedFeed, meta: Pick<BoardMeta, 'definition'>): BoardSpec =>
  isDefinedAs(spec, feed, meta)
    ? spec
    : (feed.former.find((one) => one.name === spec.name && isDefinedAs(one, feed, meta)) ?? spec)

const mostRemembered = 50

/** The specs that a change of them leaves to be remembered. */
export const remembered = (specs: readonly BoardSpec[], former: readonly BoardSpec[]): readonly BoardSpec[] =>
  [...specs, ...former].slice(0, Math.max(specs.length, mostRemembered))
