import { Refusal } from './envelope.js'

/** A whole number from the query string; refuses anything else with 400. Undefined if it was not given. */
export const queryNumber = (query: unknown, name: string, max: number): number | undefined => {
  const written = (query as Record<string, unknown>)[name]
  if (written === undefined) return undefined
  const value = typeof written === 'string' && /^\d{1,9}$/.test(written) ? Number(written) : Number.NaN
  if (value >= 1 && value <= max) return value
  const shown = JSON.stringify(written).slice(0, 40)
  throw new Refusal(400, `${name} is ${shown}; allowed: a whole number from 1 to ${max}`)
}

/** A text from the query string; one that is given twice is refused with 400. Undefined if it was not given. */
export const queryText = (query: unknown, name: string): string | undefined => {
  const written = (query as Record<string, unknown>)[name]
  if (written === undefined || typeof written === 'string') return written
  throw new Refusal(400, `${name} is given twice; allowed: once`)
}
