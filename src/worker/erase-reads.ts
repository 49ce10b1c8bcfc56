/** Deletes reads at somebody's word. */
import type { Config } from '../runtime/config.js'
import { openReadHistory } from './open-read-history.js'

export type Erasing =
  | { readonly kind: 'user'; readonly uid: string }
  | { readonly kind: 'older-than'; readonly age: number }

/** Rows a transaction. */
const rowsAtOnce = 1_000

/** Resolves to how many rows were deleted. Fails with DATABASE_* and MIGRATION_MISSING; what was deleted until then is. */
export const eraseReads = async ({ database }: Pick<Config, 'database'>, what: Erasing): Promise<number> => {
  const reads = openReadHistory(database)
  try {
    if (what.kind === 'user') return await reads.erase(what.uid)
    const before = Date.now() - what.age
    let all = 0
    for (;;) {
      const found = await reads.expire(before, rowsAtOnce)
      all += found
      if (found < rowsAtOnce) return all
    }
  } finally {
    await reads.close()
  }
}
