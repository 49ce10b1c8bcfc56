/** What a measured process says of itself, and how several runs become one number. */

export interface Measure {
  readonly messages: number
  readonly bytes: number
  /** From the first message to the end of the work. */
  readonly seconds: number
  /** User and system, of the whole process from the first message on. */
  readonly cpuSeconds: number
  readonly peakRssMb: number
}

/** Begins at the first message: connecting is not what is measured. */
export class Stopwatch {
  #began: { readonly at: number; readonly cpu: NodeJS.CpuUsage } | undefined

  begin(): void {
    this.#began ??= { at: performance.now(), cpu: process.cpuUsage() }
  }

  end(messages: number, bytes: number): Measure {
    if (this.#began === undefined) throw new Error('nothing was read')
    const cpu = process.cpuUsage(this.#began.cpu)
    return {
      messages,
      bytes,
      seconds: (performance.now() - this.#began.at) / 1000,
      cpuSeconds: (cpu.user + cpu.system) / 1e6,
      peakRssMb: process.resourceUsage().maxRSS / 1024,
    }
  }
}

export const median = (values: readonly number[]): number => {
  const sorted = [...values].sort((a, b) => a - b)
  const middle = sorted.length >> 1
  const upper = sorted[middle] ?? Number.NaN
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? Number.NaN) + upper) / 2
}
