#!/usr/bin/env node
/** The process: what it is given (arguments, environment, signals) and how it exits. */
import { hostname } from 'node:os'
import { runProgram } from './cli/program.js'
import { closeOnSignals, Lifecycle } from './runtime/lifecycle.js'
import { loadWithKafka } from './worker/kafka-client.js'

const code = await runProgram(
  {
    runWorker: async (config, log) => {
      const lifecycle = new Lifecycle({ log, exit: (exitCode) => process.exit(exitCode) })
      closeOnSignals(lifecycle, process)
      const { serverParts } = await loadWithKafka(() => import('./worker/server-parts.js'))
      const { runWorker } = await import('./app.js')
      await runWorker(config, log, lifecycle, serverParts(config))
    },
    checkConnections: async (config) => {
      const { checkConnections } = await loadWithKafka(() => import('./worker/check-connections.js'))
      return checkConnections(config)
    },
    proposeConfig: async (options) => {
      const { proposeConfig } = await import('./init/look-at-database.js')
      return proposeConfig(options)
    },
    surroundings: { environment: process.env, hostname: hostname() },
    out: (text) => process.stdout.write(text),
    error: (text) => process.stderr.write(text),
  },
  process.argv.slice(2),
)
// Native clients keep the process alive; everything that had to be closed has been.
process.exit(code)
