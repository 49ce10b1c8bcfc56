/**
 * A member of a group of a log in memory. Order, duplicates, loss: as `GroupConsumer`. Memory: one batch.
 */
import { Observable, type Subscriber } from 'rxjs'
import { RanktideError } from '../core/errors.js'
import type { Positions } from '../core/positions.js'
import type { Assignment, GroupConsumer } from '../operators/message-ports.js'
import { MemoryAssignment } from './memory-assignment.js'
import type { MemoryMember } from './memory-group.js'
import type { MemoryLog } from './memory-log.js'

export interface MemoryConsumerOptions {
  readonly group: string
  readonly topics: readonly string[]
  /** Makes it a static member. */
  readonly instance?: string | undefined
  /** Told what is waited for. */
  readonly onTrouble?: (error: RanktideError) => void
}

export class MemoryGroupConsumer implements GroupConsumer {
  readonly #log: MemoryLog
  readonly #options: MemoryConsumerOptions
  readonly #memberships = new Set<Membership>()
  #closed = false

  constructor(log: MemoryLog, options: MemoryConsumerOptions) {
    this.#log = log
    this.#options = options
  }

  assignments(): Observable<Assignment> {
    return new Observable((subscriber) => {
      if (this.#closed) {
        subscriber.complete()
        return
      }
      const membership = new Membership(this.#log, this.#options, subscriber)
      this.#memberships.add(membership)
      return () => {
        this.#memberships.delete(membership)
        membership.leave()
      }
    })
  }

  mirror(positions: Positions): void {
    for (const membership of this.#memberships) membership.mirror(positions)
  }

  async close(): Promise<void> {
    this.#closed = true
    for (const membership of [...this.#memberships]) membership.close()
  }

  /** The group takes this member for dead and gives its partitions away; it knows nothing of that and reads on. */
  loseTouch(): void {
    for (const membership of this.#memberships) membership.loseTouch()
  }

  /** After loseTouch(): it learns of it, its batches complete, and it joins again. */
  recover(): void {
    for (const membership of this.#memberships) membership.recover()
  }
}

class Membership implements MemoryMember {
  readonly topics: readonly string[]
  readonly instance: string | undefined
  readonly #log: MemoryLog
  readonly #options: MemoryConsumerOptions
  readonly #subscriber: Subscriber<Assignment>
  #assignment: MemoryAssignment | undefined
  #unwatch: () => void = () => {}
  #zombie = false

  constructor(log: MemoryLog, options: MemoryConsumerOptions, subscriber: Subscriber<Assignment>) {
    this.topics = options.topics
    this.instance = options.instance
    this.#log = log
    this.#options = options
    this.#subscriber = subscriber
    if (!this.#join()) this.#unwatch = log.watch(() => this.#join() && this.#unwatch())
  }

  revoke(): void {
    this.#assignment?.end()
    this.#assignment = undefined
  }

  assign(partitions: readonly string[]): void {
    this.#assignment = new MemoryAssignment(this.#log, partitions)
    this.#subscriber.next(this.#assignment)
  }

  replaced(): void {
    const detail = `another member of group ${this.#options.group} has the instance id ${this.instance}`
    this.#subscriber.error(new RanktideError('KAFKA_FAILED', detail))
  }

  mirror(positions: Positions): void {
    const own = new Set(this.#assignment?.partitions ?? [])
    if (this.#zombie || !this.#log.available) return
    for (const [id, offset] of positions) if (own.has(id)) this.#group.mirrored.set(id, offset)
  }

  leave(): void {
    this.#unwatch()
    this.revoke()
    this.#group.leave(this)
  }

  close(): void {
    this.leave()
    this.#subscriber.complete()
  }

  loseTouch(): void {
    this.#zombie = true
    this.#group.forget(this)
  }

  recover(): void {
    if (!this.#zombie) return
    this.#zombie = false
    this.revoke()
    this.#group.join(this)
  }

  get #group() {
    return this.#log.group(this.#options.group)
  }

  /** Whether it could join: not while the broker is absent or a topic is not there. */
  #join(): boolean {
    if (!this.#log.available) {
      this.#options.onTrouble?.(new RanktideError('KAFKA_UNREACHABLE', 'the log is not available'))
      return false
    }
    const missing = this.topics.find((topic) => this.#log.partitionCount(topic) === 0)
    if (missing !== undefined) {
      this.#options.onTrouble?.(this.#log.topicMissing(missing))
      return false
    }
    this.#group.join(this)
    return true
  }
}
