/**
 * A random range of topics for replays: messages as Canal writes them, by partition, and what they come to by an oracle
 * that reads them one by one in the order of their times, keeps all rows, and sorts them as a whole.
 */
import { Observable } from 'rxjs'
import type { BoardSpec } from '../../src/core/board-spec.js'
import { type Positions, partitionId } from '../../src/core/positions.js'
import { rowJson } from '../../src/core/row-json.js'
import type { Image } from '../../src/core/table.js'
import type { Message, MessageBatch } from '../../src/operators/ports.js'
import { mergePartitions } from '../../src/sources/merge-partitions.js'
import { canalMessage, ddlMessage, scores, textBytes } from './canal-messages.js'
import { Draws } from './draws.js'

export interface ReplayPlan {
  readonly partitions: number
  readonly size: number
  readonly direction: 'desc' | 'asc'
  readonly ties: 'newest' | 'oldest'
  readonly split: boolean
  /** One number a message. */
  readonly script: readonly number[]
  /** Of each partition, where the range begins and ends, in hundredths of what it has. */
  readonly cuts: readonly (readonly [number, number])[]
}

type What =
  | { readonly kind: 'row'; readonly image: Image }
  | { readonly kind: 'gone'; readonly key: string }
  | { readonly kind: 'moved'; readonly from: string; readonly image: Image }
  | { readonly kind: 'truncate' | 'garbage' | 'alter' | 'rename' }

interface Written {
  readonly message: Message
  readonly what: What
}

export interface Expected {
  /** By group, the rows' JSON; a board that is not split has the group ''. */
  readonly boards: ReadonlyMap<string, readonly string[]>
  readonly state: 'exact' | 'assumed' | 'degraded'
  readonly messages: number
  readonly refused: number
}

const topic = 'scores'
const names = ['a', 'b', 'c']

export class ReplayHistory {
  readonly spec: BoardSpec
  readonly from: Positions
  readonly to: Positions
  readonly #lanes: Written[][]

  constructor(plan: ReplayPlan) {
    const { partitions, size, direction, ties, split } = plan
    const score = { kind: 'column', column: 1 } as const
    const spec: BoardSpec = {
      name: 'best',
      table: scores,
      direction,
      ties,
      size,
      display: [0, 2, 1],
      score,
      where: undefined,
    }
    this.spec = split ? { ...spec, per: 2 } : spec
    this.#lanes = lanesOf(partitions, plan.script)
    const from = new Map<string, number>()
    const to = new Map<string, number>()
    for (const [partition, lane] of this.#lanes.entries()) {
      const [a = 0, b = 100] = plan.cuts[partition] ?? []
      const at = (cut: number): number => Math.floor((lane.length * cut) / 100)
      from.set(partitionId(topic, partition), at(Math.min(a, b)))
      to.set(partitionId(topic, partition), at(Math.max(a, b)))
    }
    this.from = from
    this.to = to
  }

  /** The range from these positions on, in batches whose sizes are drawn. */
  batches(start: Positions, draws: Draws): Observable<MessageBatch> {
    const lanes = new Map<string, Observable<MessageBatch>>()
    for (const [partition, lane] of this.#lanes.entries()) {
      const id = partitionId(topic, partition)
      const end = this.to.get(id) ?? 0
      if ((start.get(id) ?? 0) < end) lanes.set(id, laneBatches(id, lane, start.get(id) ?? 0, end, draws))
    }
    return mergePartitions(start, lanes)
  }

  /** The same messages as one list, as the oracle reads them. */
  get inOrder(): readonly Written[] {
    const next = this.#lanes.map((_, partition) => this.from.get(partitionId(topic, partition)) ?? 0)
    const order: Written[] = []
    for (;;) {
      let first: Written | undefined
      for (const [partition, lane] of this.#lanes.entries()) {
        const one = lane[next[partition] ?? 0]
        if (one === undefined || (next[partition] ?? 0) >= (this.to.get(partitionId(topic, partition)) ?? 0)) continue
        if (first === undefined || Number(one.message.timestamp) < Number(first.message.timestamp)) first = one
      }
      if (first === undefined) return order
      order.push(first)
      next[first.message.partition] = first.message.offset + 1
    }
  }

  expected(seed: ReadonlyMap<string, Image> = new Map()): Expected {
    const rows = new Map(seed)
    const several = this.#lanes.length > 1
    let broken = false
    let [doubted, emptied, refused] = [false, false, 0]
    for (const { what } of this.inOrder) {
      if (what.kind === 'row') rows.set(what.image[0] ?? '', what.image)
      else if (what.kind === 'gone') rows.delete(what.key)
      else if (what.kind === 'moved') {
        rows.delete(what.from)
        rows.set(what.image[0] ?? '', what.image)
        doubted ||= several
      } else if (what.kind === 'truncate') {
        rows.clear()
        emptied = true
        broken = false
        doubted = several
      } else if (what.kind === 'alter') doubted = true
      else broken = true
      if (what.kind === 'garbage') refused += 1
    }
    const cut = !emptied && (seed.size > 0 || [...this.from.values()].some((offset) => offset > 0))
    const state = broken ? 'degraded' : doubted || cut ? 'assumed' : 'exact'
    return { boards: sortedBoards(this.spec, rows), state, messages: this.inOrder.length, refused }
  }
}

const sortedBoards = (spec: BoardSpec, rows: ReadonlyMap<string, Image>): Map<string, readonly string[]> => {
  const sign = spec.direction === 'desc' ? -1 : 1
  const keySign = spec.ties === 'newest' ? -1 : 1
  const ranked = [...rows.values()]
    .filter(([, score, name]) => score !== null && (spec.per === undefined || name !== null))
    .sort((a, b) => (Number(a[1]) - Number(b[1])) * sign || (Number(a[0]) - Number(b[0])) * keySign)
  const boards = new Map<string, string[]>()
  if (spec.per === undefined) boards.set('', [])
  for (const image of ranked) {
    const group = spec.per === undefined ? '' : (image[2] ?? '')
    const board = boards.get(group) ?? []
    if (board.length < spec.size) board.push(rowJson(spec, image, image[1] ?? ''))
    boards.set(group, board)
  }
  return boards
}

const lanesOf = (partitions: number, script: readonly number[]): Written[][] => {
  const lanes: Written[][] = Array.from({ length: partitions }, () => [])
  const draws = new Draws()
  let [time, batch] = [1_795_254_429_000, 0]
  for (const number of script) {
    draws.seed(number)
    time += draws.below(3) * 40
    batch += 1
    const { what, value, key } = drawMessage(draws, batch)
    const partition = key % partitions
    const lane = lanes[partition] ?? []
    const again = draws.below(12) === 0 ? lane.at(-1 - draws.below(3)) : undefined
    const place = { topic, partition, offset: lane.length, key: null }
    // Sent again: the same bytes, at a later time.
    const timestamp = time - (draws.below(9) === 0 ? 60 : 0)
    lane.push({
      message: { ...place, timestamp, value: again?.message.value ?? value },
      what: again?.what ?? what,
    })
  }
  return lanes
}

const drawMessage = (draws: Draws, id: number): { what: What; value: Uint8Array; key: number } => {
  const key = draws.below(12)
  const image: Image = [
    String(key),
    draws.below(8) === 0 ? null : String(draws.below(6)),
    draws.below(9) === 0 ? null : (names[draws.below(3)] ?? null),
  ]
  const data = [{ id: image[0], score: image[1], name: image[2] }]
  const kind = draws.below(60)
  if (kind === 0)
    return { what: { kind: 'truncate' }, value: ddlMessage('TRUNCATE', 'truncate table scores', { id }), key }
  if (kind === 1) return { what: { kind: 'garbage' }, value: textBytes('{"data":'), key }
  if (kind === 2)
    return { what: { kind: 'alter' }, value: ddlMessage('ALTER', 'alter table scores add column x int', { id }), key }
  if (kind === 3)
    return { what: { kind: 'rename' }, value: ddlMessage('RENAME', 'rename table new_scores to scores', { id }), key }
  if (kind < 8) {
    const from = String((key + 1 + draws.below(10)) % 12)
    return {
      what: { kind: 'moved', from, image },
      value: canalMessage({ id, data, type: 'UPDATE', old: [{ id: from }] }),
      key,
    }
  }
  if (kind < 22)
    return { what: { kind: 'gone', key: String(key) }, value: canalMessage({ id, data, type: 'DELETE' }), key }
  return { what: { kind: 'row', image }, value: canalMessage({ id, data, type: kind < 40 ? 'INSERT' : 'UPDATE' }), key }
}

const laneBatches = (
  id: string,
  lane: readonly Written[],
  from: number,
  to: number,
  draws: Draws,
): Observable<MessageBatch> =>
  new Observable((subscriber) => {
    let next = from
    const hand = (): void => {
      if (subscriber.closed) return
      if (next >= to) {
        subscriber.complete()
        return
      }
      // Sometimes only positions, as past what a broker leaves out.
      const end = Math.min(to, next + draws.below(5))
      const messages = lane.slice(next, end).map(({ message }) => message)
      next = end
      const release = draws.below(2) === 0 ? hand : () => queueMicrotask(hand)
      subscriber.next({ messages, positions: new Map([[id, end]]), release })
    }
    hand()
  })
