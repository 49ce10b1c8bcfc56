/** Command lines of the program in this process: its words and what it prints, with actions of the test. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll } from 'vitest'
import { type ProgramActions, runProgram } from '../../src/cli/program.js'
import { programActions } from './program-actions.js'

/** A configuration of one board. */
export const likesYaml = `
kafka: { brokers: localhost:9092 }
database: { url: mysql://root:hunter2@localhost/webook }
redis: { url: redis://localhost }
boards:
  likes: { topic: t, table: interactives, score: like_cnt }
`

interface Printed {
  readonly code: number
  readonly out: string
  readonly error: string
}

/** Runs `command` with a file that holds `yaml`, each time with other words. For the top of a test file. */
export const programRun = (command: string, yaml = likesYaml) => {
  const folder = mkdtempSync(join(tmpdir(), `ranktide-${command}-`))
  afterAll(() => rmSync(folder, { recursive: true }))
  const file = join(folder, 'ranktide.yaml')
  writeFileSync(file, yaml)
  return async (words: readonly string[], actions: Partial<ProgramActions>): Promise<Printed> => {
    let [out, error] = ['', '']
    const told = programActions({
      ...actions,
      out: (text) => {
        out += text
        actions.out?.(text)
      },
      error: (text) => {
        error += text
        actions.error?.(text)
      },
    })
    const code = await runProgram(told, [command, '-c', file, ...words])
    return { code, out, error }
  }
}
