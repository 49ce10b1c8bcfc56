/** The built `ranktide replay --json` as a process of its own, measured from outside: what Linux says of it in /proc. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'

export interface ReplayMeasure {
  readonly messages: number
  readonly rows: number
  readonly refused: number
  /** As the replay tells it: without starting, connecting and printing. */
  readonly seconds: number
  /** From the start of the process to its end. */
  readonly wallSeconds: number
  /** User and system, of the whole process. */
  readonly cpuSeconds: number
  readonly peakRssMb: number
  /** Score by key, the best first. */
  readonly board: ReadonlyMap<string, number>
}

/** What `--json` prints, as far as it is looked at here. */
interface Printed {
  readonly messages: number
  readonly rows: number
  readonly refused: number
  readonly seconds: number
  readonly board: readonly { readonly key: string | number; readonly score: string | number }[]
}

const main = fileURLToPath(new URL('../../src/main.js', import.meta.url))
/** Both only grow, so the last look before the end misses what came in this time, ms. */
const lookEvery = 100
/** USER_HZ, which is 100 on every Linux that Node runs on. */
const ticksPerSecond = 100

/** Fails with what it printed where it does not end with 0. */
export const runReplay = async (words: readonly string[]): Promise<ReplayMeasure> => {
  const began = performance.now()
  const child = spawn(process.execPath, [main, 'replay', ...words, '--json'], { stdio: ['ignore', 'pipe', 'pipe'] })
  const output = { out: '', error: '' }
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    output.out += text
  })
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    output.error += text
  })
  let seen = { peakRssMb: 0, cpuSeconds: 0 }
  const looking = setInterval(() => {
    look(child.pid ?? 0).then(
      (found) => {
        seen = found
      },
      () => {},
    )
  }, lookEvery)
  const [code] = await once(child, 'close')
  clearInterval(looking)
  const wallSeconds = (performance.now() - began) / 1000
  if (code !== 0) throw new Error(`ranktide replay ended with ${code}:\n${output.error}${output.out}`)
  const { board, messages, rows, refused, seconds } = JSON.parse(output.out) as Printed
  const scores = new Map(board.map(({ key, score }) => [String(key), Number(score)]))
  return { messages, rows, refused, seconds, wallSeconds, ...seen, board: scores }
}

const look = async (pid: number): Promise<{ readonly peakRssMb: number; readonly cpuSeconds: number }> => {
  const [status, stat] = await Promise.all([
    readFile(`/proc/${pid}/status`, 'utf8'),
    readFile(`/proc/${pid}/stat`, 'utf8'),
  ])
  const [, peak] = /^VmHWM:\s+(\d+) kB$/m.exec(status) ?? []
  // After the command's name, which may hold blanks: state is the third field, utime and stime are the 14th and 15th.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  if (peak === undefined) throw new Error('the process has ended')
  return {
    peakRssMb: Number(peak) / 1024,
    cpuSeconds: (Number(fields[11]) + Number(fields[12])) / ticksPerSecond,
  }
}
