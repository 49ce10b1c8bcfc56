/** Replicas of one worker on one table under load, with every reader of the board watched. */
import { randomUUID } from 'node:crypto'
import { Interactives } from './interactives.js'
import { LoadWriter } from './load-writer.js'
import { ReaderWatch, type Seen, type WatchRules } from './reader-watch.js'
import { RedisBoard } from './redis-board.js'
import { Replica } from './replica.js'
import { canalTopic, type DatabaseName } from './stack.js'
import { until } from './until.js'
import type { Answer } from './worker-process.js'

export interface LoadedOptions {
  readonly seed: number
  readonly rules: WatchRules
  /** Instance names. */
  readonly names: readonly string[]
  readonly server?: DatabaseName
}

/** What a test prints, so that it can be run again with the same load: RANKTIDE_SEED. */
export const seedOf = (what: string): number => {
  const given = process.env.RANKTIDE_SEED
  const seed = given === undefined ? Math.floor(Math.random() * 2 ** 31) : Number(given)
  console.info(`${what}: RANKTIDE_SEED=${seed}`)
  return seed
}

export class LoadedReplicas {
  readonly table: Interactives
  readonly writer: LoadWriter
  readonly replicas: readonly Replica[]
  readonly board: RedisBoard
  readonly prefix: string
  readonly topic: string
  watches: readonly ReaderWatch[] = []
  #tampering = false

  private constructor(table: Interactives, writer: LoadWriter, prefix: string, names: readonly string[]) {
    this.table = table
    this.writer = writer
    this.prefix = prefix
    this.topic = canalTopic(table.server, table.database)
    this.replicas = names.map((name) => new Replica(name, table.yaml({ prefix, instance: name })))
    this.board = new RedisBoard(prefix, this.topic)
  }

  /** Resolves when all replicas serve, the first of them as owner, and every reader is watched. */
  static async start({ seed, rules, names, server = 'mariadb' }: LoadedOptions): Promise<LoadedReplicas> {
    const prefix = `loaded-${randomUUID().slice(0, 8)}`
    const table = await Interactives.create(server)
    const loaded = new LoadedReplicas(table, await LoadWriter.start(table, seed), prefix, names)
    try {
      for (const replica of loaded.replicas) await replica.start()
      // By then the board has been confirmed too: from here on every answer can tell its age.
      for (const replica of loaded.replicas)
        await until(`${replica.name} is exact`, async () => (await replica.read())?.state === 'exact', 30_000)
      loaded.#watch(rules)
    } catch (error) {
      await loaded.stop()
      throw error
    }
    return loaded
  }

  replica(name: string | undefined): Replica {
    const found = this.replicas.find((replica) => replica.name === name)
    if (found === undefined) throw new Error(`no replica is called ${name}`)
    return found
  }

  /** The replica that holds the lease, and one that does not. */
  async roles(): Promise<{ readonly owner: Replica; readonly standby: Replica }> {
    const owner = this.replica((await this.board.owner()).lease)
    const standby = this.replicas.find((replica) => replica !== owner)
    if (standby === undefined) throw new Error('there is no standby')
    return { owner, standby }
  }

  /** Waits until Redis shows what has been committed by now; how long that took, ms. */
  async caughtUp(limit: number): Promise<number> {
    const begun = performance.now()
    const { sequence } = this.writer.boards
    const shows = async (): Promise<boolean> => this.newestIn(await this.board.answer()) >= sequence
    await until(`Redis shows sequence ${sequence}`, () => shows().catch(() => false), limit)
    return performance.now() - begun
  }

  /** Pauses the load, and waits until every reader has the board that SQL has. */
  async settle(limit = 15_000): Promise<string> {
    await this.writer.pause()
    const expected = await this.table.expectedBody()
    for (const replica of this.replicas) {
      await until(`replica ${replica.name} has the board`, async () => (await replica.read())?.body === expected, limit)
      await until(`${replica.name} is exact`, async () => (await replica.read())?.state === 'exact', limit)
      await until(`${replica.name} is ready`, () => replica.worker.ready(), limit)
    }
    await until('Redis has the board', async () => (await this.board.answer()).body === expected, limit)
    return expected
  }

  /** Whether every replica says that it is. */
  async ready(): Promise<boolean> {
    for (const { worker } of this.replicas) if (!(await worker.ready())) return false
    return true
  }

  /** The sequence of a true answer. */
  newestIn({ body }: Answer): number {
    const judgement = this.writer.boards.judge(body, 0)
    if (!judgement.known) throw new Error(judgement.why)
    return judgement.sequence
  }

  /** What was answered by a replica's HTTP. */
  seenBy({ name }: Replica): readonly Seen[] {
    return this.watches.find((watch) => watch.name === name)?.seen ?? []
  }

  /** While `run` runs, what is in Redis is not judged: the test itself writes there. */
  async tampering(run: () => Promise<void>): Promise<void> {
    this.#tampering = true
    await run()
    this.#tampering = false
  }

  get faults(): readonly string[] {
    return this.watches.flatMap(({ faults }) => faults)
  }

  /** One line for the log of the run. */
  summary(): string {
    const readers = this.watches.map(({ name, seen, worstLag, worstExactLag }) => {
      const [all, exact] = [Math.round(worstLag), Math.round(worstExactLag)]
      return `${name} ${seen.length} answers, at most ${all} ms behind, ${exact} where it claims to be exact`
    })
    return [`${this.writer.statements} statements`, ...readers].join('; ')
  }

  /** What afterEach does: says what was seen, shows the logs of a test that failed, and stops. */
  async end(task: { readonly name: string; readonly result?: { readonly state: string } | undefined }): Promise<void> {
    console.info(`${task.name}: ${this.summary()}`)
    if (task.result?.state === 'fail') this.printLogs()
    await this.stop()
  }

  printLogs(): void {
    for (const { name, output } of this.replicas) console.info(`${name}:\n${output}`)
  }

  async stop(): Promise<void> {
    for (const watch of this.watches) await watch.stop()
    await this.writer.stop().catch((error: unknown) => console.error('load', error))
    for (const replica of this.replicas) await replica.stop()
    const keys = await this.board.redis.keys(`${this.prefix}:*`)
    if (keys.length > 0) await this.board.redis.del(keys)
    this.board.close()
    await this.table.drop()
  }

  #watch(rules: WatchRules): void {
    const { boards } = this.writer
    const redis = async () => {
      if (this.#tampering) return undefined
      const answer = await this.board.answer().catch(() => undefined)
      // A flushed board is empty until its owner has put it back; nothing in it could be wrong.
      return this.#tampering || answer?.body.endsWith('[]}') ? undefined : answer
    }
    this.watches = [
      ...this.replicas.map((replica) => new ReaderWatch(replica.name, boards, rules, () => replica.read())),
      new ReaderWatch('redis', boards, rules, redis),
    ]
  }
}
