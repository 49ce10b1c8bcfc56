#!/usr/bin/env node
/** The process: what it is given (arguments, environment, signals) and how it exits. */
import { hostname } from 'node:os'
import { runWorker } from './app.js'
import { runProgram } from './cli/program.js'
import { closeOnSignals, Lifecycle } from './runtime/lifecycle.js'
import { checkConnections } from './worker/check-connections.js'

const code = await runProgram(
  {
    runWorker: async (config, log) => {
      const lifecycle = new Lifecycle({ log, exit: (exitCode) => process.exit(exitCode) })
      closeOnSignals(lifecycle, process)
      await runWorker(config, log, lifecycle)
    },
    checkConnections,
    surroundings: { environment: process.env, hostname: hostname() },
    out: (text) => process.stdout.write(text),
    error: (text) => process.stderr.write(text),
  },
  process.argv.slice(2),
)
// Native clients keep the process alive; everything that had to be closed has been.
process.exit(code)
