#!/usr/bin/env node
/** The process: what it is given (arguments, environment, signals) and how it exits. */
import { hostname } from 'node:os'
import { runProgram } from './cli/program.js'
import { operatorName } from './operate/operator-name.js'
import { closeOnSignals, Lifecycle } from './runtime/lifecycle.js'
import { loadWithKafka } from './worker/kafka-client.js'

/** The first signal ends the demo as its time does, the second at once; so does a reader that has gone (`| head`). */
const stopOnSignals = (): AbortSignal => {
  const stop = new AbortController()
  for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) {
    process.on(signal, () => {
      if (stop.signal.aborted) process.exit(1)
      stop.abort()
    })
  }
  process.stdout.on('error', () => stop.abort())
  return stop.signal
}

/** SIGHUPs asks for a reload, also those that come before anybody can make one. */
class Hangups {
  #heard = 0
  #listener: (() => void) | undefined

  hear(): void {
    if (this.#listener === undefined) this.#heard += 1
    else this.#listener()
  }

  tell(listener: () => void): void {
    this.#listener = listener
    // Several of them ask for the same.
    if (this.#heard > 0) listener()
  }
}

const code = await runProgram(
  {
    runWorker: async (config, log, load) => {
      const hangups = new Hangups()
      process.on('SIGHUP', () => hangups.hear())
      const lifecycle = new Lifecycle({ log, exit: (exitCode) => process.exit(exitCode) })
      closeOnSignals(lifecycle, process)
      const { serverParts } = await loadWithKafka(() => import('./worker/server-parts.js'))
      const { runWorker } = await import('./app.js')
      const onAsked = (reload: (asked: string) => void) => hangups.tell(() => reload('SIGHUP'))
      await runWorker(config, log, lifecycle, serverParts(config), { load, onAsked })
    },
    checkConnections: async (config) => {
      const { checkConnections } = await loadWithKafka(() => import('./worker/check-connections.js'))
      return checkConnections(config)
    },
    migrate: async (config, dryRun) => {
      const { migrate } = await import('./worker/migrate.js')
      return migrate(config, dryRun)
    },
    replay: async (config, words, surroundings) => {
      const { runReplay } = await import('./replay/run-replay.js')
      return runReplay(config, words, surroundings)
    },
    errorStream: process.stderr,
    statusReader: async (config) => {
      const { statusReader } = await loadWithKafka(() => import('./operate/read-status.js'))
      return statusReader(config)
    },
    verify: async (config, wish) => {
      const { verify } = await import('./operate/verify.js')
      return verify(config, wish)
    },
    listDeadLetters: async (config, options) => {
      const { listDeadLetters } = await loadWithKafka(() => import('./operate/dead-letters.js'))
      return listDeadLetters(config, options)
    },
    showDeadLetter: async (config, id) => {
      const { showDeadLetter } = await loadWithKafka(() => import('./operate/show-letter.js'))
      return showDeadLetter(config, id)
    },
    outBytes: (bytes) => process.stdout.write(bytes),
    explain: async (config, request, progress) => {
      const { explain } = await loadWithKafka(() => import('./operate/explain.js'))
      return explain(config, request, progress)
    },
    overwrite: (text) => {
      if (process.stderr.isTTY) process.stderr.write(`\r\x1b[K${text}`)
    },
    stopSignal: stopOnSignals,
    terminal: () => (process.stdout.isTTY ? { columns: process.stdout.columns, rows: process.stdout.rows } : undefined),
    readOffsets: async (config, choice) => {
      const { readOffsets } = await loadWithKafka(() => import('./operate/read-offsets.js'))
      return readOffsets(config, choice)
    },
    resetOffsets: async (config, choice, target, execute) => {
      const { resetOffsets } = await loadWithKafka(() => import('./operate/reset-offsets.js'))
      return resetOffsets(config, choice, target, execute)
    },
    eraseHistory: async (config, what) => {
      const { eraseReads } = await import('./worker/erase-reads.js')
      return eraseReads(config, what)
    },
    proposeConfig: async (options) => {
      const { proposeConfig } = await import('./init/look-at-database.js')
      return proposeConfig(options)
    },
    diagnose: async (config, words, told) => {
      const { diagnose } = await loadWithKafka(() => import('./operate/doctor.js'))
      return diagnose(config, words, told)
    },
    retryDeadLetters: async (config, choice, options) => {
      const { retryDeadLetters } = await loadWithKafka(() => import('./operate/settle-letters.js'))
      const signal = stopOnSignals()
      return retryDeadLetters(config, choice, { ...options, by: operatorName(), signal })
    },
    discardDeadLetters: async (config, choice, reason, options) => {
      const { discardDeadLetters } = await loadWithKafka(() => import('./operate/settle-letters.js'))
      const signal = stopOnSignals()
      return discardDeadLetters(config, choice, reason, { ...options, by: operatorName(), signal })
    },
    runDemo: async (words) => {
      const { runDemo } = await import('./demo/embedded-demo.js')
      return runDemo(words, stopOnSignals())
    },
    surroundings: { environment: process.env, hostname: hostname() },
    out: (text) => process.stdout.write(text),
    error: (text) => process.stderr.write(text),
  },
  process.argv.slice(2),
)
// Native clients keep the process alive; everything that had to be closed has been.
process.exit(code)
