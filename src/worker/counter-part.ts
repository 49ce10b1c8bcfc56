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
import type { CounterPlan } from '../runtime/reload-plan.js'
import type { PreparedChange } from './board-part.js'
import { checkFindings } from './check-findings.js'
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

/** A counter, or the history, from its start to its end. */
interface Counting {
  readonly status: CounterStatus
  /** Ends this one. */
  readonly stop: AbortController
  /** This one, or all of them. */
  readonly signal: AbortSignal
  /** The life that it has now. */
  life: Promise<void> | undefined
}

/** Longest time for the last transactions, the groups and the connections, ms. */
const closingLimit = 5_000

export class CounterPart {
  readonly #options: CounterPartOptions
  readonly #counting = new Map<string, Counting>()
  readonly #stop = new AbortController()
  #order: readonly string[]

  constructor(options: CounterPartOptions) {
    this.#options = options
    this.#order = countingNames(options.config)
  }

  /** One line a pipeline, in the order of the configuration. */
  checks(): readonly HealthCheck[] {
    return this.#order.flatMap((name) => this.#counting.get(name)?.status.check() ?? [])
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

  /** Asks the database about the counters that a reload changes. Fails, with nothing changed, where one can't count. */
  async prepare(config: CounterPartOptions['config'], { changed, removed }: CounterPlan): Promise<PreparedChange> {
    const { parts, log } = this.#options
    const counters = config.counters.filter(({ spec }) => changed.includes(`counters.${spec.name}`))
    const history = changed.includes('history') ? config.history : undefined
    for (const { spec } of counters)
      await using(parts.openCountStore(spec), async (store) => checkFindings(await store.preflight(), log))
    if (history !== undefined)
      await using(parts.openHistoryStore(), async (store) =>
        checkFindings(await historyFindings(store, parts, history.retentionMs), log),
      )
    return {
      apply: async () => {
        // A group is left before who comes after it joins.
        await Promise.all([...changed, ...removed].map((name) => this.#end(name)))
        this.#order = countingNames(config)
        for (const counter of counters) this.#startCounter(counter)
        if (history !== undefined) this.#startHistory(history)
      },
    }
  }

  /** The last transaction ends, its offsets are mirrored, and its group is left. */
  async #end(name: string): Promise<void> {
    const counting = this.#counting.get(name)
    if (counting === undefined) return
    this.#counting.delete(name)
    counting.stop.abort()
    await counting.life?.catch(() => {})
    this.#options.recorder.forget(name)
  }

  #startCounter(counter: CounterConfig): CounterStart {
    const { parts } = this.#options
    const { spec } = counter
    const counting = this.#count(`counters.${spec.name}`)
    return this.#supervised(counting, (told) =>
      liveCounter(
        {
          ...this.#around(counter, counting),
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
    const counting = this.#count('history')
    return this.#supervised(counting, async (told) => {
      const ended = new AbortController()
      const expiring: Promise<void>[] = []
      const started = (): void => {
        told.started()
        const { retentionMs } = history
        if (retentionMs === undefined) return
        const signal = AbortSignal.any([counting.signal, ended.signal])
        expiring.push(expireReads({ reads: parts.openReadHistory(), retentionMs, log, recorder, signal }))
      }
      try {
        await liveCounter(
          {
            ...this.#around(history, counting),
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

  #count(name: string): Counting {
    const status = new CounterStatus(name, Date.now)
    const stop = new AbortController()
    const signal = AbortSignal.any([this.#stop.signal, stop.signal])
    const counting: Counting = { status, stop, signal, life: undefined }
    this.#counting.set(name, counting)
    this.#options.recorder.watch(name, status)
    return counting
  }

  #around(reading: ReadingConfig, { status, signal: stop }: Counting) {
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
      stop,
    }
  }

  #supervised(counting: Counting, live: (told: LifeTold) => Promise<void>): CounterStart {
    const { log } = this.#options
    const { signal, status } = counting
    let tellWaits = (): void => {}
    const waits = new Promise<undefined>((resolve) => {
      tellWaits = () => resolve(undefined)
    })
    const first = supervise({
      signal,
      live: async (started) => {
        counting.life = live({ started, waits: tellWaits })
        await counting.life
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
    await Promise.allSettled([...this.#counting.values()].map(({ life }) => life))
  }
}

/** As the status of each has them. */
/** As they are told of, in the order of the configuration. */
export const countingNames = ({ counters, history }: CounterPartOptions['config']): readonly string[] => [
  ...counters.map(({ spec }) => `counters.${spec.name}`),
  ...(history === undefined ? [] : ['history']),
]

const using = async <S extends { close(): Promise<void> }>(
  store: S,
  use: (store: S) => Promise<void>,
): Promise<void> => {
  try {
    await use(store)
  } finally {
    await store.close()
  }
}
