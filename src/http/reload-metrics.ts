import { Counter, Gauge, type Registry } from 'prom-client'

interface ReloadMetrics {
  /** A refused one by why it was. */
  reloaded(outcome: { readonly kind: 'reloaded' } | { readonly kind: 'refused'; readonly why: string }): void
  /** ms since 1970. */
  loadedAt(time: number): void
}

/** Registers them. Call it once for a registry. */
export const createReloadRecorder = (registry: Registry): ReloadMetrics => {
  const registers = [registry]
  const reloads = new Counter({
    name: 'ranktide_reload_total',
    help: 'Reloads of the configuration that were asked for: reloaded, or why they were refused',
    labelNames: ['outcome'],
    registers,
  })
  const loaded = new Gauge({
    name: 'ranktide_config_loaded_timestamp_seconds',
    help: 'When the configuration in force was read',
    registers,
  })
  return {
    reloaded: (outcome) => reloads.inc({ outcome: outcome.kind === 'reloaded' ? 'reloaded' : outcome.why }),
    loadedAt: (time) => loaded.set(time / 1000),
  }
}
