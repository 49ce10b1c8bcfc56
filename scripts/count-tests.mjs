// Prints "PASSED FAILED" of one vitest run: count-tests.mjs REPORT.json EXIT_CODE
// A file that did not load counts as one failed test, and so does a run that failed with no failed test to show for it
// (no report, an error outside every test).
import { readFileSync } from 'node:fs'

/** @returns {{ passed: number, failed: number }} */
function count(path) {
  let report
  try {
    report = JSON.parse(readFileSync(path, 'utf8'))
  } catch {
    return { passed: 0, failed: 0 }
  }
  const unloaded = report.testResults.filter(
    ({ status, assertionResults }) => status === 'failed' && !assertionResults.some((one) => one.status === 'failed'),
  )
  return { passed: report.numPassedTests, failed: report.numFailedTests + unloaded.length }
}

const [path, exitCode] = process.argv.slice(2)
const { passed, failed } = count(path)
console.log(passed, exitCode !== '0' && failed === 0 ? 1 : failed)
