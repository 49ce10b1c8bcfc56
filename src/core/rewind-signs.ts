/**
 * Signs that a producer has gone back and sends again what it has sent before. Canal numbers its batches and starts
 * again at 1 when it restarts, and what it re-sends keeps its old commit times: a batch number that drops, or a commit
 * time more than a minute before the newest, is a sign. Both can be something else (a restart that re-sends nothing, a
 * transaction that began long ago), which costs a short freeze; so signs are taken at their word.
 *
 * A restart after a single batch shows no lower number, since both begin at the same one: there a commit time that is
 * older than what the batch has shown is a sign. What shows nothing: such a restart within one second of commits.
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
  /** This batch is the first that is known, or the first after a drop. */
  first: boolean
  /** The newest commit time of the batch. */
  batchEs: number
  /** Record times of the latest drops, ms since 1970. */
  drops: readonly number[]
  /** What was newest when commit times last regressed: until something newer comes, it is not caught up. 0: it is. */
  until: number
}

const unseen: Seen = { batchId: 0, newestEs: 0, regressed: false, first: false, batchEs: 0, drops: [], until: 0 }

export class RewindSigns {
  readonly #seen = new Map<string, Seen>()

  /** `newest`: by partition, the newest commit time that was seen before the position that is read from. */
  constructor(newest: ReadonlyMap<string, number> = new Map()) {
    for (const [partition, es] of newest) this.#seen.set(partition, { ...unseen, newestEs: es })
  }

  /** Whether some partition's numbers say nothing now, since several producers write it. */
  get several(): boolean {
    return [...this.#seen.values()].some(({ drops }) => drops.length > mostDrops)
  }

  /** One message, in the order of its partition: whether it is the first of a rewind. Times in ms since 1970. */
  see(partition: string, batchId: number | undefined, es: number | undefined, timestamp: number | undefined): boolean {
    const seen = this.#seen.get(partition) ?? { ...unseen }
    this.#seen.set(partition, seen)
    const dropped = this.#drops(seen, batchId, es ?? 0, timestamp ?? 0)
    return this.#regresses(seen, es) || dropped
  }

  /**
   * Partitions in which commit times have regressed, and nothing newer has come yet than what had come before. Told by
   * commit times alone, so that who goes on from a position and the newest time there comes to the same.
   */
  get behind(): readonly string[] {
    return [...this.#seen].flatMap(([partition, { until }]) => (until > 0 ? [partition] : []))
  }

  #drops(seen: Seen, batchId: number | undefined, es: number, at: number): boolean {
    // Drops that are long ago count no more, whether or not there is a new one.
    seen.drops = seen.drops.filter((drop) => at - drop < dropsWindowMs)
    // A producer that does not count (TiCDC sends 0) gives no sign.
    if (batchId === undefined || batchId <= 0) return false
    const lower = batchId < seen.batchId
    const again = batchId === seen.batchId && seen.first && es > 0 && es < seen.batchEs
    if (batchId !== seen.batchId) seen.first = lower || seen.batchId === 0
    seen.batchEs = batchId === seen.batchId && !again ? Math.max(es, seen.batchEs) : es
    seen.batchId = batchId
    if (!lower && !again) return false
    seen.drops = [...seen.drops, at].slice(-mostDrops - 1)
    return seen.drops.length <= mostDrops
  }

  /** The first message that is behind, not each of those that follow it. */
  #regresses(seen: Seen, es: number | undefined): boolean {
    if (es === undefined || es <= 0) return false
    const before = seen.regressed
    if (es > seen.newestEs) seen.until = 0
    seen.regressed = es < seen.newestEs - regressMs
    if (seen.regressed) seen.until = seen.newestEs
    seen.newestEs = Math.max(seen.newestEs, es)
    return seen.regressed && !before
  }
}
