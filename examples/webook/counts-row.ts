/** Rows of the table of counts, as the feed tells them. */
import { partsOf } from '../../src/core/member.js'
import type { RowsSegment } from '../../src/core/newest-per-key.js'
import type { Image } from '../../src/core/table.js'
import type { WantedColumns } from '../../src/databases/mysql/table-shape.js'
import type { ChangedItem } from './counts-cache.js'
import type { Counts } from './item.js'

/** The columns in the order of an image: key first. */
export const countColumns: WantedColumns = {
  key: ['biz', 'biz_id'],
  scores: [],
  columns: ['read_cnt', 'like_cnt', 'collect_cnt'],
}

const countsOf = ([, , read_cnt, like_cnt, collect_cnt]: Image): Counts => ({
  read_cnt: read_cnt ?? '0',
  like_cnt: like_cnt ?? '0',
  collect_cnt: collect_cnt ?? '0',
})

export const changedItems = ({ rows }: RowsSegment): readonly ChangedItem[] => {
  const items: ChangedItem[] = []
  for (const [table, changes] of rows) {
    for (const { key, after } of changes.values()) {
      const [biz = '', bizId = ''] = partsOf(table, key)
      items.push({ biz, bizId, counts: after === null ? undefined : countsOf(after) })
    }
  }
  return items
}
