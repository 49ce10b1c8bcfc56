/**
 * The bench's traffic: row changes of one table of counters, as Canal's flat messages. The same seed gives the same
 * messages, so that a second process can know the table at any offset without reading the topic.
 *
 * Popular rows change most (Zipf 1.1). Of 1,000 messages about 950 raise a score, 45 lower it and 5 delete the row; a
 * row that is not there is inserted. Every 97,000 messages ten of the best hundred fall or go, so that boards are
 * refilled. One message is one row, as Canal sends autocommitted statements.
 */
import { randomFrom, zipfDraw } from './zipf.js'

export interface TrafficOptions {
  readonly seed: number
  /** Ids are 1 … keys. */
  readonly keys: number
  /** Of the table `interactives`; default: webook. */
  readonly database?: string
}

const zipfExponent = 1.1
const purgeEvery = 97_000
const purgeAmong = 100
const purged = 10
/** A whole second, as Canal tells commit times; the first message's. */
const firstEs = 1_790_000_000_000
/** Messages a second of the table's own time. */
const perSecond = 5_000

export class Traffic {
  /** The next message's index, which is its offset in the topic. */
  index = 0
  readonly #keys: number
  readonly #database: string
  /** Score by id; −1: no such row. */
  readonly #scores: Int32Array
  readonly #popular: () => number
  readonly #purges: { readonly id: number; readonly goes: boolean }[] = []
  readonly #draw: () => number

  constructor({ seed, keys, database = 'webook' }: TrafficOptions) {
    this.#database = database
    this.#draw = randomFrom(seed)
    this.#keys = keys
    this.#scores = new Int32Array(keys + 1).fill(-1)
    this.#popular = zipfDraw(keys, zipfExponent, this.#draw)
  }

  /** The next message. */
  next(): string {
    const { id, before, after } = this.#change()
    return canalMessage(this.#database, this.index++, id, before, after)
  }

  /** The table as it is after `index` messages; never goes back. */
  advance(index: number): void {
    for (; this.index < index; this.index++) this.#change()
  }

  /** The best `limit` rows: score, then id, the greater first. */
  best(limit: number): readonly { readonly id: number; readonly score: number }[] {
    const bar = this.#bar(limit)
    const rows: { id: number; score: number }[] = []
    for (let id = 1; id <= this.#keys; id++) {
      const score = this.#scores[id] ?? -1
      if (score >= bar) rows.push({ id, score })
    }
    return rows.sort((a, b) => b.score - a.score || b.id - a.id).slice(0, limit)
  }

  /** At least `limit` rows, if there are so many, score this or more. */
  #bar(limit: number): number {
    let highest = 0
    for (const score of this.#scores) if (score > highest) highest = score
    const counts = new Uint32Array(highest + 1)
    for (const score of this.#scores) if (score >= 0) counts[score] = (counts[score] ?? 0) + 1
    let seen = 0
    for (let score = highest; score > 0; score--) {
      seen += counts[score] ?? 0
      if (seen >= limit) return score
    }
    return 0
  }

  #change(): { readonly id: number; readonly before: number; readonly after: number } {
    if (this.index > 0 && this.index % purgeEvery === 0) this.#planPurge()
    const purge = this.#purges.pop()
    const id = purge?.id ?? this.#drawId()
    const before = this.#scores[id] ?? -1
    const after = purge === undefined ? this.#drawScore(before) : purge.goes ? -1 : Math.max(0, before >> 3)
    this.#scores[id] = after
    return { id, before, after }
  }

  #planPurge(): void {
    const best = this.best(purgeAmong)
    for (let i = 0; i < purged; i++) {
      const row = best[Math.floor(this.#draw() * best.length)]
      if (row !== undefined && !this.#purges.some(({ id }) => id === row.id))
        this.#purges.push({ id: row.id, goes: i % 2 === 0 })
    }
  }

  #drawScore(before: number): number {
    if (before < 0) return 1
    const draw = this.#draw()
    if (draw < 0.005) return -1
    return draw < 0.05 ? Math.max(0, before - 1) : before + 1
  }

  /** Ids are scattered, so that popular rows are not neighbours. */
  #drawId(): number {
    return ((this.#popular() * 7_919) % this.#keys) + 1
  }
}

const types =
  '"mysqlType":{"id":"bigint unsigned","biz_id":"bigint","biz":"varchar(128)","read_cnt":"bigint","like_cnt":"bigint",' +
  '"collect_cnt":"bigint","ctime":"bigint","utime":"bigint"}'
const codes =
  '"sqlType":{"id":-5,"biz_id":-5,"biz":12,"read_cnt":-5,"like_cnt":-5,"collect_cnt":-5,"ctime":-5,"utime":-5}'

/** Field for field what Canal 1.1.7 sends (see test/recorded). */
const canalMessage = (database: string, index: number, id: number, before: number, after: number): string => {
  const es = firstEs + Math.floor(index / perSecond) * 1000
  const shown = after < 0 ? before : after
  const row =
    `{"id":"${id}","biz_id":"${id % 100_000}","biz":"article","read_cnt":"0","like_cnt":"${shown}",` +
    `"collect_cnt":"0","ctime":"1790000000000","utime":"${es}"}`
  const kind = after < 0 ? 'DELETE' : before < 0 ? 'INSERT' : 'UPDATE'
  const old = kind === 'UPDATE' ? `[{"like_cnt":"${before}","utime":"1790000000000"}]` : 'null'
  return (
    `{"data":[${row}],"database":"${database}","es":${es},"gtid":"","id":${index + 1},"isDdl":false,${types},` +
    `"old":${old},"pkNames":["id"],"sql":"",${codes},"table":"interactives","ts":${es + 400},"type":"${kind}"}`
  )
}
