/** The rows that the demo's table begins with. */

export type Seed = readonly [id: number, bizId: number, biz: string, likes: number]

/** The columns that the demo's boards rank by. */
export type CountColumn = 'like_cnt' | 'read_cnt'

/** The ten best by likes at the start; of reads there are none yet. */
const best: readonly Seed[] = [
  [78, 11, 'et', 450],
  [58, 7, 'wq3', 290],
  [20, 4, 'c', 108],
  [60, 7, 'rt', 98],
  [72, 8, 'et', 80],
  [56, 7, 'wq2', 80],
  [62, 7, 'ry', 79],
  [64, 7, 'ry2', 55],
  [68, 8, 'a', 54],
  [70, 8, 'b', 53],
]

/** Many more below them, so that the worker holds only a small part of the table. */
const lower = (count: number): readonly Seed[] =>
  Array.from({ length: count }, (_, i) => [1000 + i, 1000 + i, 'post', i % 50])

export const firstArticles: readonly Seed[] = [...best, ...lower(2_000)]
