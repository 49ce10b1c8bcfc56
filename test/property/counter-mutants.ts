/** Ways in which counting would be wrong, as in mutants.ts: each a change of the sources that the histories must notice. */
import type { Mutant, Patch } from './mutants.js'

const batches = 'src/databases/memory/write-batch.ts'
const moves = 'src/databases/offset-moves.ts'
const counts = 'src/databases/memory/count-store.ts'
const windows = 'src/operators/write-windows.ts'
const refusals = 'src/operators/write-refused-reads.ts'
const claims = 'src/operators/claim-partitions.ts'
const taking = 'src/operators/take-partitions.ts'
const format = 'src/formats/read-event.ts'

const fromIsNotChecked: Patch = {
  file: moves,
  find: "const partitions = elsewhere('from')",
  replace:
    'const partitions = [...moves].filter(([id, { epoch }]) => stored.get(id)?.epoch !== epoch).map(([id]) => id)',
}

export const harmlessToCounters: readonly Mutant[] = [
  { name: 'nothing changed', patches: [] },
  {
    name: 'a repeated batch taken for a fenced one',
    patches: [{ file: moves, find: "if (elsewhere('to').length === 0)", replace: 'if (moves.size < 0)' }],
  },
]

export const counterMutants: readonly Mutant[] = [
  {
    name: 'offsets moved in another transaction',
    patches: [
      {
        file: batches,
        find: 'const stuck = moveOffsets(tables, claim, span)',
        replace: 'const stuck = tables.transaction(() => ({ commit: moveOffsets(tables, claim, span) }))',
      },
    ],
  },
  {
    name: 'epoch not checked',
    patches: [{ file: moves, find: ' || stored.get(id)?.epoch !== move.epoch', replace: '' }],
  },
  { name: 'from not checked', patches: [fromIsNotChecked] },
  {
    name: 'tried again without finding out',
    patches: [
      fromIsNotChecked,
      { file: moves, find: "if (elsewhere('to').length === 0)", replace: 'if (moves.size < 0)' },
    ],
  },
  {
    name: 'a failed call taken for a committed one',
    patches: [
      {
        file: windows,
        find: 'ahead.write(span, batch).pipe(',
        replace:
          "ahead.write(span, batch).pipe(catchError(() => of({ kind: 'written', repeated: true } as const))).pipe(",
      },
    ],
  },
  {
    name: 'buckets outside the transaction',
    patches: [
      { file: counts, find: 'if (refused.length === 0) this.#addBuckets(batch)', replace: '' },
      {
        file: counts,
        find: '        writeBatch(this.#tables',
        replace:
          '        this.#tables.transaction(() => ({ commit: this.#addBuckets(batch) })) ?? writeBatch(this.#tables',
      },
    ],
  },
  {
    name: 'items that are refused dropped without a dead letter',
    patches: [
      {
        file: windows,
        find: 'return keepRefused(writing.ports, writing.generation, records).pipe(',
        replace: 'return of(undefined).pipe(',
      },
    ],
  },
  {
    name: 'neighbours of a refused item dropped with it',
    patches: [{ file: windows, find: 'attempt(kept, refused', replace: 'attempt([], refused' }],
  },
  {
    name: 'messages that are refused dropped without a dead letter',
    patches: [{ file: refusals, find: 'batch.refused.length === 0', replace: 'batch.refused.length >= 0' }],
  },
  {
    name: 'a batch goes on without its dead letters when the partitions are taken away',
    patches: [
      { file: refusals, find: 'throwIfEmpty(() => new GenerationOver())', replace: 'defaultIfEmpty(undefined)' },
      { file: refusals, find: '  concatMap,\n', replace: '  concatMap,\n  defaultIfEmpty,\n' },
    ],
  },
  {
    name: 'reading on from the end of the log',
    patches: [{ file: taking, find: 'assignment.batches(claim.positions)', replace: 'assignment.batches(ends)' }],
  },
  {
    name: 'losses judged by bounds from before the take',
    patches: [
      {
        file: claims,
        find: 'return bounds$.pipe(switchMap((now) => settleLosses(ports, folding, claim, now, retrying)))',
        replace: 'return settleLosses(ports, folding, claim, bounds, retrying)',
      },
    ],
  },
  {
    name: 'partitions not taken again after a fence',
    patches: [{ file: taking, find: '(again = true)', replace: '(again = false)' }],
  },
  {
    name: 'ids through doubles',
    patches: [{ file: format, find: 'exact()[name]', replace: 'String(given)' }],
  },
  {
    name: 'items of two kinds folded into one',
    patches: [
      {
        file: 'src/core/folding.ts',
        find: '({ biz, bizId }: ItemKey): string',
        replace: "({ bizId }: ItemKey, biz = ''): string",
      },
    ],
  },
  {
    name: 'hours and days of UTC',
    patches: [
      { file: 'src/core/bucket-start.ts', find: 'IANAZone.create(timeZone)', replace: "IANAZone.create('UTC')" },
    ],
  },
  {
    name: 'the latest read by its place instead of its time',
    patches: [{ file: 'src/core/fold-history.ts', find: ' || known.readAt < ts', replace: ' || known.readAt !== ts' }],
  },
]
