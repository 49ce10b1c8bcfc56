/**
 * `ranktide replay`, from its words to what it came to: opens what it needs, reads the range through the pipeline, compares
 * with the live board, and hands the result to the writing end where that was asked for. Nothing is changed anywhere
 * otherwise; in Kafka never. Servers are asked once: who is not there ends it with *_UNREACHABLE.
 */
import { from, map, type Observable, Subject } from 'rxjs'
import { definitionOf } from '../core/board-definition.js'
import type { BoardSpec } from '../core/board-spec.js'
import { asRanktideError, RanktideError } from '../core/errors.js'
import type { Image } from '../core/table.js'
import { readTable } from '../databases/mysql/read-table.js'
import { canalJson } from '../formats/canal-json.js'
import { RedisClient } from '../redis/client.js'
import type { BoardConfig, Config } from '../runtime/config.js'
import { feedsOf } from '../runtime/feeds.js'
import { WorkerDatabase } from '../worker/database.js'
import { loadWithKafka } from '../worker/kafka-client.js'
import { CheckpointSaver, readCheckpoint, writeCheckpoint } from './checkpoint-file.js'
import { type Checkpoint, type CheckpointOf, checkBelongs } from './checkpoint-text.js'
import { fileIdentity, openFileSource } from './file-source.js'
import { diffAgainstLive, type LiveBoard, type ReplayDiff, readLive } from './live-boards.js'
import { nothingRead, RangeBase, type RangeState } from './range-base.js'
import { rangeReasons } from './range-reasons.js'
import type { RangeSource, ResolvedSource } from './range-source.js'
import { type RangeOutcome, replayRange } from './replay-range.js'
import type { ReplayedBoard, ReplayResult } from './replay-result.js'
import { boardOf, checkWords, offsetSpecOf, type ReplayWords } from './replay-words.js'
import { ReplayWriter, type Written } from './replay-writer.js'

export interface ReplayProgress {
  readonly messages: number
  /** In whatever unit; `total` 0: nothing to read. */
  readonly done: number
  readonly total: number
}

export interface ReplaySurroundings {
  readonly progress: (told: ReplayProgress) => void
  /** A sentence for standard error. */
  readonly note: (text: string) => void
  /** Ctrl-C and SIGTERM. */
  readonly stop: AbortSignal
}

export interface ReplayReport {
  readonly result: ReplayResult
  readonly live: readonly LiveBoard[]
  readonly diff: ReplayDiff
  readonly written: Written
  /** What was written, in sentences; empty if nothing was asked for. */
  readonly writtenText: string
}

export const runReplay = async (
  config: Config,
  words: ReplayWords,
  surroundings: ReplaySurroundings,
): Promise<ReplayReport> => {
  const board = boardOf(config, words.board)
  checkWords(words, board)
  if (config.redis === undefined) throw new RanktideError('CONFIG_INVALID', `${config.file} has no redis`)
  const { prefix, connection } = config.redis
  const client = new RedisClient(connection)
  const database = new WorkerDatabase(config.database)
  try {
    await client.connected()
    const writer = new ReplayWriter(config, { client, prefix }, board, words)
    await writer.check()
    const [spec] = await database.resolve([board])
    if (spec === undefined) throw new RanktideError('CONFIG_INVALID', `board ${board.name} could not be resolved`)
    const result = onlyAsked(await new Replay(config, words, board, spec, database, surroundings).run(), words)
    const live = await readLive(client, prefix, board, words.per)
    const diff = diffAgainstLive(live, result.boards)
    const written = await writer.write(result)
    return { result, live, diff, written, writtenText: writer.text(written) }
  } finally {
    await Promise.all([client.close(), database.close()])
  }
}

/** `--per`: this group, which has no row if the range tells of none. */
const onlyAsked = (result: ReplayResult, { per }: ReplayWords): ReplayResult =>
  per === undefined ? result : { ...result, boards: result.boards.filter(({ value }) => value === per) }

/** How often progress is told, ms. */
const tellEvery = 100

class Replay {
  readonly #config: Config
  readonly #words: ReplayWords
  readonly #board: BoardConfig
  readonly #spec: BoardSpec
  readonly #database: WorkerDatabase
  readonly #surroundings: ReplaySurroundings

  constructor(
    config: Config,
    words: ReplayWords,
    board: BoardConfig,
    spec: BoardSpec,
    database: WorkerDatabase,
    surroundings: ReplaySurroundings,
  ) {
    this.#config = config
    this.#words = words
    this.#board = board
    this.#spec = spec
    this.#database = database
    this.#surroundings = surroundings
  }

  async run(): Promise<ReplayResult> {
    const { checkpoint: path } = this.#words
    const begun = performance.now()
    const of = await this.#identity()
    const kept = path === undefined ? undefined : await readCheckpoint(path)
    if (kept !== undefined) checkBelongs(path ?? '', kept.of, of)
    // Before the ends of the topics are asked for: what is in the seed is then part of the range, as far as Canal is.
    const state = kept?.state ?? (await this.#seeded())
    const source = await this.#openSource(kept?.range ?? null)
    try {
      for (const note of source.notes) this.#surroundings.note(note)
      const positions = kept === undefined ? source.start : state.positions
      const base = new RangeBase({ ...state, positions })
      if (kept !== undefined) this.#surroundings.note(`going on after ${state.messages} messages`)
      const now = (): Checkpoint => ({ of, range: source.kept, state: base.state })
      const outcome = await this.#read(source, base, path, now)
      if (path !== undefined) await writeCheckpoint(path, now())
      return this.#result(source, base, outcome.boards, (performance.now() - begun) / 1_000)
    } finally {
      await source.close()
    }
  }

  async #read(
    source: RangeSource,
    base: RangeBase,
    path: string | undefined,
    now: () => Checkpoint,
  ): Promise<RangeOutcome> {
    const decode = canalJson([this.#spec.table])
    const progress = { decoded: this.#progress(source, base) }
    const saver = path === undefined ? {} : { saver: new CheckpointSaver(path, now) }
    const batches = source.batches.bind(source)
    try {
      return await replayRange({ spec: this.#spec, decode, batches, base, progress, stop$: this.#stop(), ...saver })
    } catch (error) {
      const known = asRanktideError(error)
      const mayPass = known.code === 'REPLAY_STOPPED' || known.code.startsWith('KAFKA_')
      if (path === undefined || !mayPass) throw error
      await writeCheckpoint(path, now())
      const { messages } = base.state
      throw new RanktideError(
        known.code,
        `${known.detail}; ${path} has what ${messages} messages came to: the same command goes on from there`,
        { cause: error },
      )
    }
  }

  /** After what the pipeline has taken up to now. */
  #progress(source: RangeSource, base: RangeBase): () => void {
    let next = 0
    return () => {
      if (performance.now() < next) return
      next = performance.now() + tellEvery
      const { messages, positions } = base.state
      this.#surroundings.progress({ messages, ...source.progress(positions) })
    }
  }

  #stop(): Observable<RanktideError> {
    const { stop } = this.#surroundings
    const { checkpoint } = this.#words
    const stopped$ = new Subject<void>()
    if (stop.aborted) return from([stopped(checkpoint)])
    stop.addEventListener('abort', () => stopped$.next(), { once: true })
    return stopped$.pipe(map(() => stopped(checkpoint)))
  }

  /** What a checkpoint has to agree in. */
  async #identity(): Promise<CheckpointOf> {
    const { from, to, file, seed } = this.#words
    const { topics } = this.#feed
    return {
      board: this.#board.name,
      definition: definitionOf(this.#spec, topics),
      columns: this.#spec.table.columns.map(({ name }) => name).join(', '),
      '--from': from.trim(),
      '--to': to.trim(),
      '--seed-from-database': seed ? 'yes' : 'no',
      ...(file === undefined
        ? { brokers: this.#config.kafka.brokers.join(',') }
        : { '--file': await fileIdentity(file) }),
      topics: this.#topics.join(', '),
    }
  }

  get #feed(): { readonly topics: readonly string[] } {
    const { name, topics } = this.#board
    return feedsOf(this.#config).find(({ boards }) => boards.some((one) => one.name === name)) ?? { topics }
  }

  get #topics(): readonly string[] {
    return this.#words.topics.length > 0 ? this.#words.topics : this.#board.topics
  }

  async #seeded(): Promise<RangeState> {
    const state = nothingRead()
    if (!this.#words.seed) return state
    const rows = new Map<string, Image>()
    await readTable(this.#database.primary, this.#spec.table, (page) => {
      for (const { key, image } of page) rows.set(key, image)
    })
    this.#surroundings.note(`${rows.size} rows of ${this.#spec.table.id} read from the database`)
    return { ...state, table: { ...state.table, rows } }
  }

  async #openSource(kept: unknown): Promise<RangeSource> {
    const { file, topics } = this.#words
    const specs = { from: offsetSpecOf('--from', this.#words.from), to: offsetSpecOf('--to', this.#words.to) }
    if (file !== undefined) {
      const topic = this.#topics[0] ?? this.#board.name
      return openFileSource({ path: file, ...specs, topics: topics.length > 0 ? topics : undefined, topic })
    }
    const { openKafkaSource } = await loadWithKafka(() => import('./kafka-source.js'))
    return openKafkaSource({ kafka: this.#config.kafka, topics: this.#topics, ...specs, kept })
  }

  /** Topics of the board that `--topic` leaves out; where it names others, such as copies, none is known to be. */
  #withTopics(range: ResolvedSource): ResolvedSource {
    const { topics } = this.#board
    const left = topics.filter((topic) => !this.#topics.includes(topic))
    if (left.length === 0 || !this.#topics.every((topic) => topics.includes(topic))) return range
    return { ...range, unread: [...range.unread, ...left] }
  }

  #result(source: RangeSource, base: RangeBase, boards: readonly ReplayedBoard[], seconds: number): ReplayResult {
    const { positions, newest, messages, rows, refused } = base.state
    const range = this.#withTopics(source.resolved())
    const to = new Map([...positions, ...range.to])
    return {
      spec: this.#spec,
      definition: definitionOf(this.#spec, this.#feed.topics),
      boards,
      status: base.status(range.to.size, rangeReasons(range, this.#words.seed)),
      from: range.from,
      positions: to,
      newest,
      counts: { messages, rows, refused, seconds },
    }
  }
}

const stopped = (checkpoint: string | undefined): RanktideError =>
  new RanktideError(
    'REPLAY_STOPPED',
    checkpoint === undefined ? 'nothing was written; with --checkpoint FILE it could go on' : 'before its end',
  )
