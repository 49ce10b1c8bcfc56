/**
 * What Kubernetes does with pods, as far as readers notice it: a Service that spreads requests over ready pods, and a
 * Deployment's rolling update. The numbers are the caller's, from the manifest.
 *
 * A pod leaves the Service when it is deleted or its readiness fails, but requests still reach it until the proxies of the
 * nodes have heard of that: here `hearsAfter` later. SIGTERM comes after the pod's preStop.
 */
import { setTimeout as delay } from 'node:timers/promises'
import type { Replica } from './replica.js'
import { until } from './until.js'
import type { Answer } from './worker-process.js'

export interface RolloutRules {
  readonly minReadySeconds: number
  readonly preStopSeconds: number
  readonly gracePeriodSeconds: number
}

export class PodService {
  /** How many pods were ready and not deleted, at each look. */
  readonly readyCounts: number[] = []
  /** Answers by the name of the pod. */
  readonly answered = new Map<string, number>()
  readonly #hearsAfter: number
  #pods: readonly Replica[]
  /** Those that requests go to. */
  #routed: readonly Replica[] = []
  #turn = 0
  #stopped = false
  readonly #looking: Promise<void>

  constructor(pods: readonly Replica[], hearsAfter: number) {
    this.#pods = pods
    this.#routed = pods
    this.#hearsAfter = hearsAfter
    this.#looking = this.#look()
  }

  add(pod: Replica): void {
    this.#pods = [...this.#pods, pod]
  }

  /** The pod is deleted: it is no endpoint any more, which the proxies hear later. */
  remove(pod: Replica): void {
    this.#pods = this.#pods.filter((one) => one !== pod)
  }

  /** One request, to the next pod. Rejects as a client would see it. */
  async read(): Promise<Answer> {
    const routed = this.#routed
    const pod = routed[this.#turn++ % routed.length]
    if (pod === undefined) throw new Error('the Service has no endpoint')
    try {
      const answer = await pod.worker.board('likes')
      this.answered.set(pod.name, (this.answered.get(pod.name) ?? 0) + 1)
      return answer
    } catch (error) {
      throw new Error(`a request to ${pod.name} failed`, { cause: error })
    }
  }

  async stop(): Promise<void> {
    this.#stopped = true
    await this.#looking
  }

  async #look(): Promise<void> {
    while (!this.#stopped) {
      const pods = this.#pods
      const ready = await Promise.all(pods.map((pod) => pod.worker.ready().catch(() => false)))
      const endpoints = pods.filter((pod, i) => ready[i] && this.#pods.includes(pod))
      this.readyCounts.push(endpoints.length)
      setTimeout(() => {
        this.#routed = endpoints
      }, this.#hearsAfter)
      await delay(100)
    }
  }
}

/** maxSurge 1, maxUnavailable 0: a new pod that is available, then an old one less, until all are new. */
export const rollOut = async (
  service: PodService,
  old: readonly Replica[],
  next: readonly Replica[],
  rules: RolloutRules,
): Promise<void> => {
  for (const [i, pod] of old.entries()) {
    const successor = next[i]
    if (successor === undefined) throw new Error('there are fewer new pods than old ones')
    await successor.start()
    service.add(successor)
    await delay(rules.minReadySeconds * 1_000)
    await until(`${successor.name} is available`, () => successor.worker.ready())
    service.remove(pod)
    const grace = rules.gracePeriodSeconds * 1_000
    const begun = performance.now()
    await delay(rules.preStopSeconds * 1_000)
    const { code } = await pod.terminate()
    const took = performance.now() - begun
    if (code !== 0 || took > grace) throw new Error(`${pod.name} ended with ${code} after ${Math.round(took)} ms`)
  }
}
