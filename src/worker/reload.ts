/**
 * Takes on a new configuration while the process runs. One reload at a time, in the order in which they were asked for;
 * each as a whole or not at all: what can't be read, can't be changed without a restart, or can't be kept by the database
 * leaves everything as it was.
 */
import { asRanktideError, type RanktideError, verdictOf } from '../core/errors.js'
import type { Config } from '../runtime/config.js'
import type { Log } from '../runtime/log.js'
import { type ConfigChange, type LivePlan, planReload } from '../runtime/reload-plan.js'
import { hidePasswords } from '../runtime/secrets.js'
import type { PreparedChange } from './board-part.js'

export type ReloadOutcome =
  | {
      readonly kind: 'reloaded'
      readonly changed: readonly ConfigChange[]
      /** Names of what was not touched: `boards.likes`. */
      readonly unchanged: readonly string[]
    }
  /** `invalid`: the file or what it asks for is at fault; `restart`: nothing but a restart can do it; `unreachable`: a server. */
  | { readonly kind: 'refused'; readonly why: RefusedReload; readonly text: string }

export type RefusedReload = 'invalid' | 'restart' | 'unreachable' | 'starting'

/** Told what came of each reload. */
export interface ReloadRecorder {
  reloaded(outcome: ReloadOutcome): void
  /** The configuration in force was read at that time, ms since 1970. */
  loadedAt(time: number): void
}

export interface ReloaderOptions {
  /** As it was loaded at the start. */
  readonly config: Config
  /** Reads the file again. Fails with CONFIG_*. */
  readonly load: () => Promise<Config>
  /** Asks the servers whether that can be kept. */
  readonly prepare: (config: Config, plan: LivePlan) => Promise<PreparedChange>
  readonly log: Pick<Log, 'info' | 'error'>
  readonly recorder: ReloadRecorder
  readonly now: () => number
}

export class Reloader {
  readonly #options: ReloaderOptions
  #config: Config
  #last: Promise<unknown>
  #started = false
  #start: () => void = () => {}

  constructor(options: ReloaderOptions) {
    this.#options = options
    this.#config = options.config
    this.#last = new Promise<void>((resolve) => {
      this.#start = resolve
    })
    options.recorder.loadedAt(options.now())
  }

  /** The configuration in force. */
  get config(): Config {
    return this.#config
  }

  /** Everything has been started: what has been asked for until now is done now. */
  start(): void {
    this.#started = true
    this.#start()
  }

  get started(): boolean {
    return this.#started
  }

  /** `asked`: by what, for the log. Never rejects. */
  reload(asked: string): Promise<ReloadOutcome> {
    const outcome = this.#last.then(() => this.#reload(asked))
    this.#last = outcome
    return outcome
  }

  async #reload(asked: string): Promise<ReloadOutcome> {
    const { log, recorder } = this.#options
    const begun = performance.now()
    const outcome = await this.#attempt().catch((error: unknown) => refused(asRanktideError(error)))
    const told = { asked, ms: Math.round(performance.now() - begun) }
    if (outcome.kind === 'refused')
      log.error({ ...told, why: outcome.why, detail: outcome.text }, 'Configuration not reloaded, going on as before')
    else log.info({ ...told, changed: outcome.changed, unchanged: outcome.unchanged }, 'Configuration reloaded')
    recorder.reloaded(outcome)
    return outcome
  }

  async #attempt(): Promise<ReloadOutcome> {
    const { load, prepare, log, recorder, now } = this.#options
    const loadedAt = now()
    const config = await load()
    const plan = planReload(this.#config, config)
    if (plan.kind === 'restart') return { kind: 'refused', why: 'restart', text: restartText(plan.keys) }
    const change = await prepare(config, plan)
    this.#config = config
    recorder.loadedAt(loadedAt)
    // In force it is, whatever becomes of a part of it: feeds and counters say themselves how they are.
    await change
      .apply()
      .catch((error: unknown) => log.error({ error }, 'Not everything of the configuration has begun'))
    return { kind: 'reloaded', changed: plan.changes, unchanged: plan.unchanged }
  }
}

const restartText = (keys: readonly string[]): string =>
  `needs a restart: ${keys.join(', ')}; nothing was changed. Restart the process, or put ${keys.length === 1 ? 'it' : 'them'} back and reload`

const refused = (error: RanktideError): ReloadOutcome => {
  const { code, detail } = error
  const message = hidePasswords(error.message)
  if (verdictOf(error) === 'retry') return { kind: 'refused', why: 'unreachable', text: `${code}: ${message}` }
  // Lines that begin with the file, as `config check` has them.
  return { kind: 'refused', why: 'invalid', text: code === 'CONFIG_INVALID' ? detail : `${code}: ${message}` }
}
