/** What a start of the boards would meet in the database: asked by `config check --connect` and by `doctor`. */
import type { BoardSpec } from '../core/board-spec.js'
import { RanktideError } from '../core/errors.js'
import type { Config } from '../runtime/config.js'
import { type ConnectionFinding, failed } from './connection-finding.js'
import type { WorkerDatabase } from './database.js'

export interface CheckedBoards {
  readonly findings: readonly ConnectionFinding[]
  /** Those that can be kept. */
  readonly specs: readonly BoardSpec[]
  /** The database could not be asked: nothing was found out about the boards after the last one told. */
  readonly unreachable: boolean
}

/** Each board by itself, so that all that is wrong is told. Never rejects. */
export const checkBoards = async (
  { boards }: Pick<Config, 'boards'>,
  database: Pick<WorkerDatabase, 'resolve'>,
): Promise<CheckedBoards> => {
  const findings: ConnectionFinding[] = []
  const specs: BoardSpec[] = []
  for (const board of boards) {
    const name = `board ${board.name}`
    try {
      const resolved = await database.resolve([board])
      specs.push(...resolved)
      findings.push({ name, level: 'ok', detail: `${board.table.database}.${board.table.table}` })
    } catch (error) {
      findings.push(failed(name, error))
      if (error instanceof RanktideError && error.code.startsWith('DATABASE'))
        return { findings, specs, unreachable: true }
    }
  }
  return { findings, specs, unreachable: false }
}
