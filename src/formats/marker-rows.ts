import type { Control } from '../core/change.js'
import type { CanalEnvelope } from './canal-envelope.js'
import { isJsonObject } from './strict-json.js'

/**
 * The markers that a message of the marker table brings. Whatever else that table sends says nothing: a marker that
 * can't be read is one that did not come, which its writer notices.
 */
export const markerEvents = ({ type, data }: CanalEnvelope): readonly Control[] => {
  if ((type !== 'INSERT' && type !== 'UPDATE') || !Array.isArray(data)) return []
  return data.flatMap((row) =>
    isJsonObject(row) && typeof row.nonce === 'string' ? [{ kind: 'marker' as const, nonce: row.nonce }] : [],
  )
}
