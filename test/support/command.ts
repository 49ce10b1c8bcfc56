/** One `ranktide` command line, as a user runs it, to its end. */
import { execFile } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const main = fileURLToPath(new URL('../../dist/src/main.js', import.meta.url))

export interface Ended {
  readonly code: number
  readonly out: string
  readonly error: string
}

/** `--config` and a file that holds `yaml` are added to the arguments. Ended by SIGKILL after `limit` ms: code −1. */
export const command = async (line: readonly string[], yaml: string, limit = 20_000): Promise<Ended> => {
  const directory = await mkdtemp(join(tmpdir(), 'ranktide-command-'))
  const file = join(directory, 'ranktide.yaml')
  await writeFile(file, yaml)
  try {
    return await ranktide([...line, '--config', file], {}, limit)
  } finally {
    await rm(directory, { recursive: true, force: true })
  }
}

/** As `command`, with nothing added but variables. */
export const ranktide = (
  line: readonly string[],
  environment: Readonly<Record<string, string>> = {},
  limit = 20_000,
): Promise<Ended> =>
  new Promise((resolve) => {
    const env = { ...process.env, ...environment }
    const options = { timeout: limit, killSignal: 'SIGKILL', env } as const
    execFile(process.execPath, [main, ...line], options, (failure, out, error) => {
      const code = failure === null ? 0 : typeof failure.code === 'number' ? failure.code : -1
      resolve({ code, out, error })
    })
  })
