// What ./scripts/demo and ./scripts/test share: a step ends soon after Ctrl-C, and says that it is being stopped.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { until } from '../support/until.js'

const steps = fileURLToPath(new URL('../../scripts/steps.sh', import.meta.url))

let place = ''
beforeEach(() => {
  place = mkdtempSync(join(tmpdir(), 'ranktide-test-steps.'))
})
afterEach(() => rmSync(place, { recursive: true, force: true }))

const isThere = (pid: number): boolean => {
  try {
    process.kill(pid, 0)
    return true
  } catch {
    return false
  }
}

test('Ctrl-C during npm ci says at once what is being stopped, and an npm that goes on is killed soon', async () => {
  const pid = join(place, 'pid')
  const npm = join(place, 'npm')
  // Wrapped: the group has more than one process, none of which ends by itself.
  writeFileSync(npm, `#!/usr/bin/env bash\ntrap '' TERM\necho $$ >${pid}\nwhile :; do sleep 0.1; done\n`)
  chmodSync(npm, 0o755)
  const script = `
    set -euo pipefail
    work=${place}
    source ${steps}
    modules_match() { false; }
    trap 'end_ticker; end_child; echo over >&3' EXIT
    trap 'exit 130' INT
    install_js_modules`
  const bash = spawn('bash', ['-c', script], { env: { ...process.env, PATH: `${place}:${process.env.PATH}` } })
  let output = ''
  for (const stream of [bash.stdout, bash.stderr])
    stream.setEncoding('utf8').on('data', (text: string) => {
      output += text
    })
  await until('npm', () => existsSync(pid) && readFileSync(pid, 'utf8').endsWith('\n'), 20_000)
  const began = performance.now()
  bash.kill('SIGINT')
  await once(bash, 'close')
  expect(bash.exitCode).toBe(130)
  expect(output.split('\n').slice(-3)).toEqual(['stopping: npm ci', 'over', ''])
  expect(performance.now() - began).toBeLessThan(7_000)
  expect(isThere(Number(readFileSync(pid, 'utf8')))).toBe(false)
}, 40_000)
