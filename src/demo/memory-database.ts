/** The database of a worker that has none: its tables are described by whoever writes them, its base is the stream. */
import type { BoardSpec } from '../core/board-spec.js'
import { RanktideError } from '../core/errors.js'
import { MemoryBase } from '../databases/memory/memory-base.js'
import type { WholeStream } from '../databases/memory/stream-reading.js'
import type { TableDescription } from '../databases/mysql/describe-table.js'
import type { MarkerTable } from '../databases/mysql/marker.js'
import { canalJson } from '../formats/canal-json.js'
import type { BoardConfig } from '../runtime/config.js'
import { resolveDescribed } from '../worker/resolve-boards.js'
import type { FeedDatabase } from '../worker/worker-parts.js'

export class MemoryDatabase implements FeedDatabase {
  readonly usesMarkers = false
  readonly #tables: readonly TableDescription[]
  readonly #openStream: () => WholeStream
  readonly #bases: MemoryBase[] = []
  #specs: readonly BoardSpec[] = []

  /** `openStream`: the feed's topics, for the base alone. */
  constructor(tables: readonly TableDescription[], openStream: () => WholeStream) {
    this.#tables = tables
    this.#openStream = openStream
  }

  async resolve(boards: readonly BoardConfig[]): Promise<readonly BoardSpec[]> {
    this.#specs = await resolveDescribed(async (database, table) => this.#describe(database, table), boards)
    return this.#specs
  }

  async preflight(): Promise<[]> {
    return []
  }

  markerTable(boards: readonly BoardSpec[]): MarkerTable {
    return { database: boards[0]?.table.database ?? '', table: 'ranktide_marker' }
  }

  async marker(): Promise<undefined> {
    return undefined
  }

  base(): MemoryBase {
    const tables = [...new Set(this.#specs.map(({ table }) => table))]
    const base = new MemoryBase({ stream: this.#openStream(), decode: canalJson(tables), tables })
    this.#bases.push(base)
    return base
  }

  async close(): Promise<void> {
    await Promise.all(this.#bases.map((base) => base.close()))
  }

  #describe(database: string, table: string): TableDescription {
    const found = this.#tables.find((each) => each.database === database && each.table === table)
    if (found === undefined) throw new RanktideError('TABLE_MISSING', `${database}.${table}`)
    return found
  }
}
