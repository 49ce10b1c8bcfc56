/** Everything that a worker's counters stand on, in memory, and each part of it can be made to fail. */

import { defer, finalize, switchMap, tap } from 'rxjs'
import type { RanktideError } from '../../src/core/errors.js'
import type { Finding } from '../../src/databases/finding.js'
import { MemoryCountStore } from '../../src/databases/memory/count-store.js'
import { MemoryHistoryStore } from '../../src/databases/memory/history-store.js'
import { MemoryTables, type Statement } from '../../src/databases/memory/memory-tables.js'
import { MemoryDeadLetters } from '../../src/sources/memory-dead-letters.js'
import { MemoryLog } from '../../src/sources/memory-log.js'
import type { CountingParts } from '../../src/worker/worker-parts.js'

export const readsTopic = 'read_events'

export class CountingWorld {
  readonly log = new MemoryLog({ [readsTopic]: 2 })
  readonly letters = new MemoryDeadLetters()
  readonly tables = new MemoryTables({
    ranges: { small_cnt: { least: 0n, most: 3n } },
    interrupt: (statement) => this.interrupt(statement),
  })
  /** What was opened and not closed: stores, consumers, histories. */
  readonly open: string[] = []
  /** What happened, in order. */
  readonly events: string[] = []
  /** Throws to make a statement fail. */
  interrupt: (statement: Statement) => void = () => {}
  /** What a look at the tables of a counter (or of the history: undefined) has to say; throws if it cannot look. */
  preflight: (counter: string | undefined) => readonly Finding[] = () => []
  /** Why offsets cannot be mirrored. */
  mirrorTrouble: RanktideError | undefined
  /** What a look at the history has to say where reads are to be deleted. */
  readsPreflight: () => readonly Finding[] = () => []
  /** What a write of counts waits for before it begins. */
  beforeWrite: () => Promise<void> = async () => {}
  /** Rows that are too old. */
  old = 0

  readonly parts: CountingParts = {
    openConsumer: ({ group, topics }, onTrouble, onMirrorTrouble) => {
      const consumer = this.log.consumer({ group, topics, onTrouble })
      this.open.push(`consumer ${group}`)
      return {
        assignments: () => consumer.assignments().pipe(finalize(() => this.events.push('leave'))),
        mirror: (positions) => {
          this.events.push('mirror')
          if (this.mirrorTrouble === undefined) consumer.mirror(positions)
          else onMirrorTrouble(this.mirrorTrouble)
        },
        close: async () => {
          this.events.push('close consumer')
          this.#closed(`consumer ${group}`)
          await consumer.close()
        },
      }
    },
    openCountStore: (spec) => {
      const store = new MemoryCountStore(this.tables, spec)
      return this.#opened(`store ${spec.name}`, {
        take: store.take.bind(store),
        write: (...write: Parameters<typeof store.write>) =>
          defer(() => this.beforeWrite()).pipe(
            switchMap(() => store.write(...write)),
            tap(() => this.events.push('written')),
          ),
        preflight: async () => this.preflight(spec.name),
      })
    },
    openHistoryStore: () => {
      const store = new MemoryHistoryStore(this.tables)
      return this.#opened('store history', {
        take: store.take.bind(store),
        write: store.write.bind(store),
        preflight: async () => this.preflight(undefined),
      })
    },
    openReadHistory: () =>
      this.#opened('reads', {
        page: async () => [],
        erase: async () => 0,
        preflight: async () => this.readsPreflight(),
        expire: async (_before, most) => {
          const found = Math.min(this.old, most)
          this.old -= found
          return found
        },
      }),
  }

  #opened<T extends { close(): Promise<void> }>(name: string, opened: Omit<T, 'close'>): T {
    this.open.push(name)
    const close = async (): Promise<void> => {
      this.events.push(`close ${name}`)
      this.#closed(name)
    }
    return { ...opened, close } as T
  }

  #closed(name: string): void {
    this.open.splice(this.open.indexOf(name), 1)
  }

  /** Writes events; `value` as it stands in the topic. */
  send(partition: number, ...values: readonly (string | { uid: number; bizId: number; ts?: number })[]): void {
    for (const value of values) {
      const text =
        typeof value === 'string'
          ? value
          : JSON.stringify({ uid: value.uid, biz: 'article', biz_id: value.bizId, ts: value.ts ?? 1_700_000_000_000 })
      this.log.append(readsTopic, partition, { key: null, value: Buffer.from(text) })
    }
  }

  /** A column's count by item. */
  counts(table: string, column = 'read_cnt'): Readonly<Record<string, number>> {
    return Object.fromEntries(
      [...this.tables.counts(table).values()].map(({ biz, bizId, counts }) => [
        `${biz}:${bizId}`,
        Number(counts.get(column) ?? 0n),
      ]),
    )
  }
}
