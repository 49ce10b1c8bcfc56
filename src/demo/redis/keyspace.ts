/** What the built-in server keeps: one database of strings, hashes and sorted sets, with expiry. */
import { SortedSet } from './sorted-set.js'

export type StoredValue = string | Map<string, string> | SortedSet

/** A reply that ends a command: thrown by the command, answered by its caller. */
export class CommandError extends Error {}

const wrongType = 'WRONGTYPE Operation against a key holding the wrong kind of value'

export class Keyspace {
  /** ms since 1970. */
  readonly now: () => number
  readonly #values = new Map<string, StoredValue>()
  readonly #ends = new Map<string, number>()

  constructor(now: () => number) {
    this.now = now
  }

  get(key: string): StoredValue | undefined {
    const end = this.#ends.get(key)
    if (end !== undefined && end <= this.now()) this.delete(key)
    return this.#values.get(key)
  }

  string(key: string): string | undefined {
    const value = this.get(key)
    if (value !== undefined && typeof value !== 'string') throw new CommandError(wrongType)
    return value
  }

  hash(key: string): Map<string, string> | undefined {
    const value = this.get(key)
    if (value !== undefined && !(value instanceof Map)) throw new CommandError(wrongType)
    return value
  }

  sortedSet(key: string): SortedSet | undefined {
    const value = this.get(key)
    if (value !== undefined && !(value instanceof SortedSet)) throw new CommandError(wrongType)
    return value
  }

  /** A value that is set anew has no end. */
  set(key: string, value: StoredValue): void {
    this.#values.set(key, value)
    this.#ends.delete(key)
  }

  /** A hash or sorted set without members is no key. */
  deleteIfEmpty(key: string, { size }: { readonly size: number }): void {
    if (size === 0) this.delete(key)
  }

  delete(key: string): boolean {
    this.#ends.delete(key)
    return this.#values.delete(key)
  }

  /** ms since 1970; undefined: the key stays. */
  endOf(key: string): number | undefined {
    return this.#ends.get(key)
  }

  endAt(key: string, end: number): void {
    this.#ends.set(key, end)
  }

  keys(): readonly string[] {
    return [...this.#values.keys()].filter((key) => this.get(key) !== undefined)
  }

  clear(): void {
    this.#values.clear()
    this.#ends.clear()
  }
}
