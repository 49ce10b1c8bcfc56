/** The counters and the history of a worker: every one lives by itself, and none of them concerns the boards. */
import { asyncScheduler } from 'rxjs'
import { readCounterPipeline } from '../../pipelines/read-counter.js'
import { readHistoryPipeline } from '../../pipelines/read-history.js'
import type { RanktideError } from '../core/errors.js'
import type { HealthCheck } from '../http/health.js'
import type { CounterRecorder } from '../operators/counter-recorder.js'
import type { DeadLetters } from '../operators/ports.js'
import type { Config, CounterConfig, HistoryConfig, ReadingConfig } from '../runtime/config.js'
import type { Lifecycle } from '../runtime/lifecycle.js'
import type { Log } from '../runtime/log.js'
import { type LifeTold, liveCounter } from './counter-life.js'
import { CounterStatus } from './counter-status.js'
import { expireReads } from './expire-reads.js'
import { historyFindings } from './history-findings.js'
import type { CounterStart } from './start-error.js'
import { supervise } from './supervise.js'
import type { CountingParts } from './worker-parts.js'

export interface CounterPartOptions {
  readonly config: Pick<Config, 'counters' | 'history'>
  readonly log: Log
  readonly lifecycle: Lifecycle
  readonly recorder: CounterRecorder
  readonly parts: CountingParts
  readonly deadLetters: DeadLetters
}

/** Longest time for the last transactions, the groups and the connections, ms. */
const closingLimit = 5_000

export class CounterPart {
  readonly #options: CounterPartOptions
  readonly #statuses: CounterStatus[] = []
  readonly #stop = new AbortController()
  readonly #lives: Promise<void>[] = []

  constructor(options: CounterPartOptions) {
    this.#options = options
  }

  /** One line a pipeline, in the order of the configuration. */
  checks(): readonly HealthCheck[] {
    return this.#statuses.map((status) => status.check())
  }

  /** Failed ones are tried again. */
  startSupervised(): readonly CounterStart[] {
    const { config, lifecycle } = this.#options
    lifecycle.onClose('counters', () => this.#close(), closingLimit)
    return [
      ...config.counters.map((counter) => this.#startCounter(counter)),
      ...(config.history === undefined ? [] : [this.#startHistory(config.history)]),
    ]
  }

  #startCounter(counter: CounterConfig): CounterStart {
    const { parts } = this.#options
    const { spec } = counter
    const status = this.#status(`counters.${spec.name}`)
    return this.#supervised(status, (told) =>
      liveCounter(
        {
          ...this.#around(counter, status),
          openStore: () => parts.openCountStore(spec),
          preflight: (store) => store.preflight(),
          pipeline: (ports) => readCounterPipeline({ ...ports, spec }),
        },
        told,
      ),
    )
  }

  #startHistory(history: HistoryConfig): CounterStart {
    const { parts, log, recorder } = this.#options
    const status = this.#status('history')
    return this.#supervised(status, async (told) => {
      const ended = new AbortController()
      const expiring: Promise<void>[] = []
      const started = (): void => {
        told.started()
        const { retentionMs } = history
        if (retentionMs === undefined) return
        const signal = AbortSignal.any([this.#stop.signal, ended.signal])
        expiring.push(expireReads({ reads: parts.openReadHistory(), retentionMs, log, recorder, signal }))
      }
      try {
        await liveCounter(
          {
            ...this.#around(history, status),
            openStore: () => parts.openHistoryStore(),
            preflight: (store) => historyFindings(store, parts, history.retentionMs),
            pipeline: (ports) => readHistoryPipeline(ports),
          },
          { ...told, started },
        )
      } finally {
        ended.abort()
        await Promise.all(expiring)
      }
    })
  }

  #status(name: string): CounterStatus {
    const status = new CounterStatus(name, Date.now)
    this.#statuses.push(status)
    this.#options.recorder.watch(name, status)
    return status
  }

  #around(reading: ReadingConfig, status: CounterStatus) {
    const { parts, log, recorder, deadLetters } = this.#options
    return {
      reading,
      status,
      openConsumer: (onTrouble: (error: RanktideError) => void) =>
        parts.openConsumer(reading, onTrouble, ({ code, detail }) =>
          log.warn({ pipeline: status.name, code, detail }, 'Offsets not mirrored to Kafka, counting goes on'),
        ),
      deadLetters,
      log,
      recorder,
      scheduler: asyncScheduler,
      stop: this.#stop.signal,
    }
  }

  #supervised(status: CounterStatus, live: (told: LifeTold) => Promise<void>): CounterStart {
    const { log } = this.#options
    const { signal } = this.#stop
    let tellWaits = (): void => {}
    const waits = new Promise<undefined>((resolve) => {
      tellWaits = () => resolve(undefined)
    })
    const first = supervise({
      signal,
      live: async (started) => {
        const life = live({ started, waits: tellWaits })
        this.#lives.push(life)
        try {
          await life
        } finally {
          this.#lives.splice(this.#lives.indexOf(life), 1)
        }
        // It ends by itself only when it is stopped.
        return new Promise<never>(() => {})
      },
      failed: (error, pause) => {
        status.down(error)
        const { code, detail } = error
        const stack = code === 'UNEXPECTED' ? { error: error.cause ?? error } : {}
        log.error({ pipeline: status.name, code, detail, pause, ...stack }, 'Pipeline is down, starting it again later')
      },
    })
    return { first, waits }
  }

  async #close(): Promise<void> {
    this.#stop.abort()
    await Promise.allSettled(this.#lives)
  }
}
