/**
 * The ceiling: the rows of each batch, folded and written into SQL before the clock starts, sent one statement after the
 * other on one connection with autocommit. It keeps no offsets, so a crash would lose events or count them twice.
 */
import { openBare } from './bare-connection.js'
import { type Measure, Stopwatch } from './measures.js'
import { bizOf, drawReads, foldedBatches, type foldItems, type ReadsOptions } from './read-events.js'

export interface BareUpsertsOptions {
  readonly reads: ReadsOptions
  readonly url: string
  /** Events a statement. */
  readonly size: number
  /** Events that are counted before the clock starts, into a table that is emptied then. */
  readonly warm: number
}

type Rows = ReturnType<typeof foldItems>

const valuesOf = (rows: Rows): string => rows.map(([item, events]) => `('${bizOf(item)}',${item},${events})`).join(',')

const statements = {
  mysql: (rows: Rows): string =>
    `INSERT INTO interactives (biz, biz_id, read_cnt) VALUES ${valuesOf(rows)}
     ON DUPLICATE KEY UPDATE read_cnt = read_cnt + VALUES(read_cnt)`,
  postgres: (rows: Rows): string =>
    `INSERT INTO interactives AS i (biz, biz_id, read_cnt) VALUES ${valuesOf(rows)}
     ON CONFLICT (biz, biz_id) DO UPDATE SET read_cnt = i.read_cnt + excluded.read_cnt`,
}

const upsert = async ({ reads, url, size, warm }: BareUpsertsOptions): Promise<Measure> => {
  const statement = url.startsWith('mysql:') ? statements.mysql : statements.postgres
  const texts = foldedBatches(drawReads(reads), size).map(statement)
  const connection = await openBare(url)
  for (const text of texts.slice(0, Math.ceil(warm / size))) await connection.run(text)
  await connection.run('TRUNCATE TABLE interactives')
  const watch = new Stopwatch()
  watch.begin()
  for (const text of texts) await connection.run(text)
  const measure = watch.end(
    reads.events,
    texts.reduce((sum, text) => sum + text.length, 0),
  )
  await connection.end()
  return measure
}

process.once('message', async (options: BareUpsertsOptions) => {
  process.send?.(await upsert(options), () => process.disconnect())
})
