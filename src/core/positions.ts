/** Next offset to read, per `topic/partition`. Absent: nothing read of that partition yet. */
export type Positions = ReadonlyMap<string, number>

export const partitionId = (topic: string, partition: number): string => `${topic}/${partition}`

/** Splits at the last slash: topic names may not hold one, so this is exact. */
export const parsePartitionId = (id: string): { topic: string; partition: number } => {
  const slash = id.lastIndexOf('/')
  return { topic: id.slice(0, slash), partition: Number(id.slice(slash + 1)) }
}

/** The later of two positions, partition by partition. */
export const furthest = (a: Positions, b: Positions): Positions => {
  const result = new Map(a)
  for (const [id, offset] of b) result.set(id, Math.max(offset, result.get(id) ?? 0))
  return result
}

/** Whether `reached` has passed `target` on every partition that `target` names. */
export const hasPassed = (reached: Positions, target: Positions): boolean => {
  for (const [id, offset] of target) if ((reached.get(id) ?? 0) < offset) return false
  return true
}
