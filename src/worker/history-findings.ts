import type { Finding } from '../databases/finding.js'
import type { CountingParts, OpenStore } from './worker-parts.js'

/**
 * What keeps the history from being written and, with a retention, from being deleted; each thing once. `DATABASE_*`
 * errors are thrown.
 */
export const historyFindings = async (
  store: Pick<OpenStore<unknown>, 'preflight'>,
  { openReadHistory }: Pick<CountingParts, 'openReadHistory'>,
  retentionMs: number | undefined,
): Promise<readonly Finding[]> => {
  const findings = await store.preflight()
  if (retentionMs === undefined) return findings
  const reads = openReadHistory()
  try {
    const told = new Set(findings.map(({ message }) => message))
    return [...findings, ...(await reads.preflight()).filter(({ message }) => !told.has(message))]
  } finally {
    await reads.close()
  }
}
