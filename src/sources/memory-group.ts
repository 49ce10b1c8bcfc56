/**
 * A consumer group of a log in memory: who is in it, and who has which partitions. Whenever a member comes or goes, all
 * assignments end, and a moment later every member gets a new one. A static member (one with an instance id) that goes
 * keeps its place, and its partitions, until one with its id comes or forgetAbsent() is called.
 */
import type { MemoryLog } from './memory-log.js'

export interface MemoryMember {
  readonly topics: readonly string[]
  readonly instance: string | undefined
  /** Its partitions are somebody else's from now on. */
  revoke(): void
  assign(partitions: readonly string[]): void
  /** Another one has come with its instance id. */
  replaced(): void
}

interface Place {
  member: MemoryMember | undefined
  readonly topics: readonly string[]
  readonly instance: string | undefined
  partitions: readonly string[]
}

export class MemoryGroup {
  readonly mirrored = new Map<string, number>()
  readonly #log: MemoryLog
  #places: Place[] = []
  /** Raised whenever the partitions are divided anew. */
  #generation = 0

  constructor(log: MemoryLog) {
    this.#log = log
  }

  join(member: MemoryMember): void {
    const { instance, topics } = member
    const place = this.#places.find((known) => instance !== undefined && known.instance === instance)
    if (place === undefined) {
      this.#places.push({ member, instance, topics, partitions: [] })
      this.#divide()
      return
    }
    const former = place.member
    place.member = member
    former?.revoke()
    former?.replaced()
    const generation = this.#generation
    this.#log.later(() => {
      if (generation === this.#generation && place.member === member) member.assign([...place.partitions].sort())
    })
  }

  /** The member has said good-bye. */
  leave(member: MemoryMember): void {
    const place = this.#places.find((known) => known.member === member)
    if (place === undefined) return
    place.member = undefined
    if (place.instance === undefined) this.forgetAbsent()
  }

  /** The member is taken for dead, and is not told: it goes on reading what it has. */
  forget(member: MemoryMember): void {
    const before = this.#places.length
    this.#places = this.#places.filter((known) => known.member !== member)
    if (this.#places.length < before) this.#divide()
  }

  /** Takes static members that went for dead. */
  forgetAbsent(): void {
    const before = this.#places.length
    this.#places = this.#places.filter(({ member }) => member !== undefined)
    if (this.#places.length < before) this.#divide()
  }

  topicsChanged(): void {
    if (this.#places.length > 0) this.#divide()
  }

  #divide(): void {
    this.#generation++
    const generation = this.#generation
    for (const place of this.#places) {
      place.member?.revoke()
      place.partitions = []
    }
    const topics = new Set(this.#places.flatMap((place) => place.topics))
    this.#log.partitions([...topics].sort()).forEach((id, turn) => {
      const takers = this.#places.filter((place) => place.topics.some((topic) => id.startsWith(`${topic}/`)))
      const taker = takers[turn % takers.length]
      if (taker !== undefined) taker.partitions = [...taker.partitions, id]
    })
    const given = this.#places.map((place) => ({ place, member: place.member }))
    this.#log.later(() => {
      for (const { place, member } of given)
        if (generation === this.#generation && place.member === member) member?.assign([...place.partitions].sort())
    })
  }
}
