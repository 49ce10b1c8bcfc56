/** Boards on the tables of the recordings. */
import type { BoardSpec } from '../../src/core/board-spec.js'
import { bigint, decimal, tableShape, unsignedBigint, varchar } from './table-shapes.js'

const interactives = tableShape(
  'webook.interactives',
  { id: unsignedBigint, like_cnt: bigint, biz_id: bigint, biz: varchar, read_cnt: bigint },
  ['id'],
)
const comp = tableShape('webook.comp', { a: bigint, b: varchar, v: bigint }, ['a', 'b'])
const types = tableShape('webook.types', { id: unsignedBigint, c_dec: decimal }, ['id'])

const likes: BoardSpec = {
  name: 'likes',
  table: interactives,
  direction: 'desc',
  ties: 'newest',
  size: 10,
  display: [0, 2, 3, 4, 1],
  score: { kind: 'column', column: 1 },
  where: undefined,
}
export const recordedBoards: readonly BoardSpec[] = [
  likes,
  { ...likes, name: 'least', direction: 'asc', ties: 'oldest' },
  // Wide enough for the rows that the hazards are about.
  { ...likes, name: 'lower', direction: 'asc', ties: 'oldest', size: 300 },
  { ...likes, name: 'read', score: { kind: 'column', column: 4 }, size: 3, display: [0] },
  { ...likes, name: 'pairs', table: comp, display: [0, 1, 2], score: { kind: 'column', column: 2 } },
  { ...likes, name: 'decimals', table: types, display: [0, 1], score: { kind: 'column', column: 1 } },
]
