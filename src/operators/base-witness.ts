/** What boards have to be, asked of the base by which they are filled: one query a look, of one board or of many groups. */
import { firstValueFrom, from, type ObservableInput } from 'rxjs'
import type { Entry } from '../core/board-content.js'
import type { BoardSpec } from '../core/board-spec.js'
import { RanktideError } from '../core/errors.js'
import { groupName } from '../core/group-name.js'
import { type Ranking, rankingOf } from '../core/ranking.js'
import { trueBoard } from '../core/true-board.js'
import type { Base } from './ports.js'
import type { TableWitness } from './verify-ports.js'

/** Comes after every board that is short of rows. */
const unhurried = Number.MAX_SAFE_INTEGER
/** Groups that one snapshot is to be of. */
export const groupsAtOnce = 100

const answerOf = <T>(input: ObservableInput<T>): Promise<T> => firstValueFrom(from(input))

/** A board that is not split. */
export const boardTable = (base: Base, spec: BoardSpec): TableWitness => {
  const ranking = rankingOf(spec)
  return {
    async read(names) {
      for (let limit = spec.size + 1; ; limit *= 2) {
        const rows = await answerOf(base.read({ board: spec, limit, spare: unhurried }))
        const board = trueBoard(spec, ranking, rows)
        if (board !== undefined) return new Map(names.map((name) => [name, board]))
      }
    },
  }
}

/** `values`: of the groups that may be asked for, by their names. */
export const groupsTable = (base: Base, spec: BoardSpec, values: ReadonlyMap<string, string>): TableWitness => {
  const ranking = rankingOf(spec)
  return {
    async read(names) {
      const boards = new Map<string, readonly Entry[]>()
      let missing = names.flatMap((name) => values.get(name) ?? [])
      for (let limit = spec.size + 1; missing.length > 0; limit *= 2)
        missing = await readGroups(base, spec, ranking, { values: missing, limit, boards })
      return boards
    },
  }
}

interface GroupsLook {
  readonly values: readonly string[]
  readonly limit: number
  readonly boards: Map<string, readonly Entry[]>
}

/** The values of those that have to be asked for more rows. */
const readGroups = async (
  base: Base,
  spec: BoardSpec,
  ranking: Ranking,
  { values, limit, boards }: GroupsLook,
): Promise<string[]> => {
  const { groups } = await answerOf(base.readGroups({ board: spec, limit, groups: { kind: 'listed', values } }))
  return values.filter((value) => {
    const rows = groups.get(value)
    if (rows === undefined) throw new RanktideError('DATABASE_QUERY', `board ${spec.name}: a group was not answered`)
    const board = trueBoard(spec, ranking, rows)
    if (board !== undefined) boards.set(groupName(spec.name, value), board)
    return board === undefined
  })
}

/** Values that have rows, range by range; the cursor is undefined after the last. */
export const nextValues = async (
  base: Base,
  spec: BoardSpec,
  after: string | undefined,
): Promise<{ readonly values: readonly string[]; readonly next: string | undefined }> => {
  const groups = { kind: 'range', after, most: groupsAtOnce } as const
  const read = await answerOf(base.readGroups({ board: spec, limit: 1, groups }))
  return { values: [...read.groups.keys()], next: read.next }
}
