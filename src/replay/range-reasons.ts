/** What a range does not tell because of where it begins or what it leaves out, as reasons of a board's status. Pure. */
import type { RangeReasons } from './range-base.js'
import type { ResolvedSource } from './range-source.js'

/** Partitions that are named one by one. */
const shown = 3

const cut = (texts: readonly string[]): string =>
  texts.length > shown ? `${texts.slice(0, shown).join(', ')} and ${texts.length - shown} more` : texts.join(', ')

/** With a seed the rows that the range does not name are there, but they are today's. */
export const rangeReasons = ({ from, unread, missing = [], offsets }: ResolvedSource, seed: boolean): RangeReasons => {
  const always = [
    ...(offsets ? [] : ['a file without offsets does not tell what came before and after it']),
    // A TRUNCATE in a partition that is read makes up for nothing that is written elsewhere after it.
    ...(unread.length === 0 ? [] : [`without ${cut(unread)}: rows that were written there are not in it`]),
    ...(missing.length === 0 ? [] : [`the file has no ${cut(missing)}`]),
  ]
  if (seed)
    return { always, before: ['rows that the range does not name are as the database had them when it was asked'] }
  const late = [...from].filter(([, offset]) => offset > 0).map(([id, offset]) => `offset ${offset} of ${id}`)
  const before = late.length === 0 ? [] : [`begins at ${cut(late)}: rows that were last written before are not in it`]
  return { always, before }
}
