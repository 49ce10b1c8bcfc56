/** Actions of the program for tests of its words: whatever a test does not replace fails the command that asks for it. */
import type { ProgramActions } from '../../src/cli/program.js'

const unasked = () => Promise.reject(new Error('was not asked for'))

export const programActions = (more: Partial<ProgramActions> = {}): ProgramActions => ({
  runWorker: unasked,
  checkConnections: unasked,
  proposeConfig: unasked,
  migrate: unasked,
  eraseHistory: unasked,
  runDemo: unasked,
  diagnose: unasked,
  replay: unasked,
  errorStream: process.stderr,
  statusReader: unasked,
  verify: unasked,
  listDeadLetters: unasked,
  showDeadLetter: unasked,
  retryDeadLetters: unasked,
  discardDeadLetters: unasked,
  readOffsets: unasked,
  resetOffsets: unasked,
  outBytes: () => {},
  explain: unasked,
  overwrite: () => {},
  stopSignal: () => AbortSignal.abort(),
  terminal: () => undefined,
  surroundings: { environment: {}, hostname: 'pod-1' },
  out: () => {},
  error: () => {},
  ...more,
})
