/** The functions in which a process spent its time, from the profile that `node --cpu-prof` wrote. */
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'

interface ProfileNode {
  readonly id: number
  readonly callFrame: { readonly functionName: string; readonly url: string; readonly lineNumber: number }
}

interface Profile {
  readonly nodes: readonly ProfileNode[]
  readonly samples: readonly number[]
  readonly timeDeltas: readonly number[]
}

const shown = 25

/** A table of self times of all profiles in a directory. */
export const hottest = async (directory: string): Promise<string> => {
  const self = new Map<string, number>()
  let total = 0
  for (const file of (await readdir(directory)).filter((name) => name.endsWith('.cpuprofile'))) {
    const profile = JSON.parse(await readFile(join(directory, file), 'utf8')) as Profile
    const names = new Map(profile.nodes.map((node) => [node.id, nameOf(node)]))
    for (const [i, sample] of profile.samples.entries()) {
      const name = names.get(sample) ?? '?'
      const micros = profile.timeDeltas[i] ?? 0
      if (name === '(idle)') continue
      self.set(name, (self.get(name) ?? 0) + micros)
      total += micros
    }
  }
  const rows = [...self].sort(([, a], [, b]) => b - a).slice(0, shown)
  const lines = rows.map(([name, micros]) => `${((100 * micros) / total).toFixed(1).padStart(5)} %  ${name}`)
  return ['self time of the worker’s main thread, all rounds', ...lines].join('\n')
}

const nameOf = ({ callFrame: { functionName, url, lineNumber } }: ProfileNode): string => {
  const file = url.split('/').slice(-2).join('/')
  const name = functionName === '' ? '(anonymous)' : functionName
  return file === '' ? name : `${name} ${file}:${lineNumber + 1}`
}
