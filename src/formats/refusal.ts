import type { Refusal } from '../core/change.js'

/** Tells a refusal from what would have stood in its place: a value (text or null), an image or events (arrays), rows. */
export const isRefusal = (value: object | string | null | undefined): value is Refusal =>
  typeof value === 'object' && value !== null && 'code' in value
