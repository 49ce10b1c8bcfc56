/**
 * Signs that a producer has gone back and sends again what it has sent before. Canal numbers its batches and starts
 * again at 1 when it restarts, and what it re-sends keeps its old commit times: a batch number that drops, or a commit
 * time more than a minute before the newest, is a sign. Both can be something else (a restart that re-sends nothing, a
 * transaction that began long ago), which costs a short freeze; so signs are taken at their word.
 *
 * What shows nothing: a second restart after a single batch (both begin at 1) that goes back less than a minute.
 *
 * More than three drops a minute are several producers on one partition: their numbers say nothing, and are ignored
 * for as long as that goes on. Memory: a few numbers a partition.
 */
const regressMs = 60_000
const dropsWindowMs = 60_000
const mostDrops = 3

interface Seen {
  batchId: number
  newestEs: number
  regressed: boolean
  /** Record times of the latest drops, ms since 1970. */
  drops: readonly number[]
}

export class RewindSigns {
  readonly #seen = new Map<string, Seen>()

  /** One message, in the order of its partition: whether it is the first of a rewind. Times in ms since 1970. */
  see(partition: string, batchId: number | undefined, es: number | undefined, timestamp: number | undefined): boolean {
    const seen = this.#seen.get(partition) ?? { batchId: 0, newestEs: 0, regressed: false, drops: [] }
    this.#seen.set(partition, seen)
    const dropped = this.#drops(seen, batchId, timestamp ?? 0)
    return this.#regresses(seen, es) || dropped
  }

  #drops(seen: Seen, batchId: number | undefined, at: number): boolean {
    // A producer that does not count (TiCDC sends 0) gives no sign.
    if (batchId === undefined || batchId <= 0) return false
    const dropped = batchId < seen.batchId
    seen.batchId = batchId
    if (!dropped) return false
    seen.drops = [...seen.drops.filter((drop) => at - drop < dropsWindowMs), at].slice(-mostDrops - 1)
    return seen.drops.length <= mostDrops
  }

  /** The first message that is behind, not each of those that follow it. */
  #regresses(seen: Seen, es: number | undefined): boolean {
    if (es === undefined || es <= 0) return false
    const before = seen.regressed
    seen.regressed = es < seen.newestEs - regressMs
    seen.newestEs = Math.max(seen.newestEs, es)
    return seen.regressed && !before
  }
}
