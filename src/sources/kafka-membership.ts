/**
 * One membership of a consumer group, from joining to leaving. One poll is under way at any time: that of the reading, or
 * else an idle one; the group's changes come with it.
 */
import { asRanktideError, type RanktideError, verdictOf } from '../core/errors.js'
import type { Positions } from '../core/positions.js'
import type { Assignment } from '../operators/message-ports.js'
import { OffsetCommits } from './kafka-commits.js'
import { KafkaConnection, type KafkaConnectionOptions } from './kafka-connection.js'
import { memberRefusal } from './kafka-errors.js'
import { KafkaGeneration } from './kafka-generation.js'

export interface MembershipOptions extends Omit<KafkaConnectionOptions, 'member'> {
  readonly topics: readonly string[]
  readonly instance: string | undefined
  readonly refresh: number
  readonly onMirrorTrouble: (error: RanktideError) => void
}

/** Pause before a connection or a topic is looked for again, ms. */
const retryPause = 500
const idlePoll = 100
const commitEvery = 1_000
/** What is mirrored when partitions are taken away gets this long, ms; the group waits for it. */
const revokeFlushLimit = 300
/** Leaving: the flush, the answer to "are you there" and the good-bye stay under 3 s together. */
const leaveFlushLimit = 500
const answerLimit = 800
const disconnectLimit = 1_000
/** How often a broker that did not answer is told good-bye again, ms: until then it takes this for a member. */
const goodbyeEvery = 5_000

const pause = (ms: number): Promise<void> =>
  new Promise((resolve) => {
    setTimeout(resolve, ms).unref()
  })

export class KafkaMembership {
  readonly #options: MembershipOptions
  readonly #emit: (assignment: Assignment) => void
  readonly #commits: OffsetCommits
  #attempt: Promise<KafkaConnection> | undefined
  #connection: KafkaConnection | undefined
  #generation: KafkaGeneration | undefined
  /** The group's changes, worked off one after the other. */
  #changes: Promise<void> = Promise.resolve()
  #poll: Promise<unknown> = Promise.resolve()
  #reading = false
  #leaving: Promise<void> | undefined
  #saidGoodbye = false
  #failure: RanktideError | undefined
  #stop: () => void = () => {}
  readonly #stopped: Promise<void>

  constructor(options: MembershipOptions, emit: (assignment: Assignment) => void) {
    this.#options = { ...options, onTrouble: (error) => this.#trouble(error, options.onTrouble) }
    this.#emit = emit
    this.#stopped = new Promise((resolve) => {
      this.#stop = resolve
    })
    this.#commits = new OffsetCommits({
      send: async (positions) => this.#connection?.commit(positions),
      onTrouble: options.onMirrorTrouble,
      interval: commitEvery,
    })
  }

  /** Ends when it has left. Fails with what waiting does not help against. */
  async run(): Promise<void> {
    try {
      const connection = await this.#connect()
      if (connection !== undefined) await this.#stay(connection)
    } finally {
      await this.leave()
      // It was left while the first connection was being made, which takes longer than leaving may.
      if (!this.#saidGoodbye)
        void this.#attempt?.then(
          (late) => this.#goodbye(late),
          () => {},
        )
    }
    if (this.#failure !== undefined) throw this.#failure
  }

  mirror(positions: Positions): void {
    const own = new Map([...positions].filter(([id]) => this.#generation?.partitions.includes(id)))
    if (own.size > 0 && this.#leaving === undefined) this.#commits.commit(own)
  }

  /** Within 3 s, whatever the broker does. */
  leave(): Promise<void> {
    this.#leaving ??= this.#leave()
    return this.#leaving
  }

  /** Reads for a generation; until then, and after it, idle polls keep the membership. */
  async read(run: () => Promise<void>): Promise<void> {
    this.#reading = true
    try {
      await this.#poll
      await run()
    } finally {
      this.#reading = false
    }
  }

  /** Waits until the brokers are there and have the topics; undefined if it was stopped before. */
  async #connect(): Promise<KafkaConnection | undefined> {
    const { instance, topics } = this.#options
    const member = {
      instance,
      rebalanced: (change: 'assigned' | 'revoked', partitions: readonly string[]) => {
        this.#changes = this.#changes.then(() => this.#change(change, partitions))
      },
    }
    while (this.#leaving === undefined && this.#failure === undefined) {
      try {
        this.#attempt ??= KafkaConnection.connect({ ...this.#options, member })
        this.#connection = await this.#unlessStopped(this.#attempt)
        if (this.#connection === undefined) return undefined
        const found = await this.#unlessStopped(this.#connection.partitions(topics))
        return found === undefined ? undefined : this.#connection
      } catch (error) {
        if (this.#connection === undefined) this.#attempt = undefined
        if (verdictOf(error) === 'fatal') throw error
        this.#options.onTrouble(asRanktideError(error))
        await Promise.race([this.#stopped, pause(retryPause)])
      }
    }
    return undefined
  }

  /** What a broker answers; undefined if this is stopped before it does. */
  #unlessStopped<T>(answer: Promise<T>): Promise<T | undefined> {
    return Promise.race([answer, this.#stopped.then(() => undefined)])
  }

  async #stay(connection: KafkaConnection): Promise<void> {
    if (this.#leaving === undefined) connection.subscribe(this.#options.topics)
    while (this.#leaving === undefined && this.#failure === undefined) {
      if (this.#reading) {
        // Not raced against the stop: each race would stay attached to that promise, ten a second.
        await pause(idlePoll)
        continue
      }
      this.#poll = connection.read(1, idlePoll).catch((error: unknown) => {
        this.#options.onTrouble(asRanktideError(error))
        return pause(idlePoll)
      })
      await this.#poll
    }
  }

  async #change(change: 'assigned' | 'revoked', partitions: readonly string[]): Promise<void> {
    const connection = this.#connection
    if (connection === undefined) return
    try {
      await this.#generation?.end()
      this.#generation = undefined
      if (change === 'assigned') {
        // Accepted at once, before anything is known of where to read from: the group does not wait for a database.
        connection.assignNothing()
        this.#generation = new KafkaGeneration(connection, partitions, this.#options, (run) => this.read(run))
        if (this.#leaving === undefined) this.#emit(this.#generation)
      } else {
        if (this.#leaving === undefined) await this.#commits.flush(revokeFlushLimit)
        // Whoever has the partitions next mirrors them.
        this.#commits.drop()
        connection.unassign()
      }
    } catch (error) {
      this.#options.onTrouble(asRanktideError(error))
    }
  }

  async #leave(): Promise<void> {
    this.#stop()
    const connection = this.#connection
    await this.#generation?.end()
    if (connection === undefined) return
    await this.#commits.flush(leaveFlushLimit)
    this.#commits.drop()
    this.#saidGoodbye = true
    await Promise.race([this.#goodbye(connection), pause(answerLimit + disconnectLimit)])
  }

  async #goodbye(connection: KafkaConnection): Promise<void> {
    try {
      await connection.close(answerLimit)
    } catch {
      // A process that ends does not wait for it.
      setTimeout(() => void this.#goodbye(connection), goodbyeEvery).unref()
    }
  }

  #trouble(error: RanktideError, report: (error: RanktideError) => void): void {
    const { group, instance } = this.#options
    const refusal = memberRefusal(error, group, instance)
    if (refusal === undefined) {
      report(error)
      return
    }
    this.#failure ??= refusal
    this.#stop()
  }
}
