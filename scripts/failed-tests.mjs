// Prints what failed in these vitest runs, each test with what it said first: failed-tests.mjs REPORT.json…
// A run's own account of a failure stands far above the end of a long log.
import { existsSync, readFileSync } from 'node:fs'
import { basename, relative } from 'node:path'

const mostLines = 12

const said = (text = '') =>
  text
    .split('\n')
    .filter((line) => line.trim() !== '' && !line.includes('node_modules'))
    .slice(0, mostLines)
    .map((line) => `      ${line}`)
    .join('\n')

for (const path of process.argv.slice(2).filter((one) => existsSync(one))) {
  const suite = basename(path, '.json')
  for (const { name, status, message, assertionResults } of JSON.parse(readFileSync(path, 'utf8')).testResults) {
    const file = relative(process.cwd(), name)
    const failed = assertionResults.filter((one) => one.status === 'failed')
    for (const { fullName, failureMessages } of failed)
      console.log(`failed (${suite}): ${file} > ${fullName}\n${said(failureMessages.join('\n'))}`)
    if (status === 'failed' && failed.length === 0) console.log(`failed (${suite}): ${file}\n${said(message)}`)
  }
}
