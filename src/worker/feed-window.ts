import type { WindowLimits } from '../operators/window-events.js'
import type { BoardConfig } from '../runtime/config.js'

/** One stream feeds all boards of a feed, so the most impatient of them decides for all. */
export const windowOf = (boards: readonly BoardConfig[]): WindowLimits => ({
  events: Math.min(...boards.map(({ window }) => window.events)),
  time: Math.min(...boards.map(({ window }) => window.timeMs)),
})
