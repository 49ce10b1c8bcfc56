/** Which names of columns sound like something that people rank by, and what a board by them would be called. Pure. */

/** How much a name promises (0 to 100), and the board's name. */
export interface CounterName {
  readonly weight: number
  readonly board: string
}

/** Board, weight, and the words for it. The order of weights is that of how often a hot list is made of it. */
const families: readonly (readonly [board: string, weight: number, words: string])[] = [
  ['likes', 100, 'like likes liked thumb thumbs thumbup upvote upvotes praise praises zan digg diggs heart hearts'],
  ['scores', 95, 'score scores point points karma'],
  ['hot', 95, 'hot hotness heat popularity trending'],
  ['votes', 90, 'vote votes'],
  ['reads', 85, 'read reads'],
  ['views', 85, 'view views viewed pv uv visit visits'],
  ['hits', 85, 'hit hits'],
  ['clicks', 85, 'click clicks'],
  ['plays', 85, 'play plays watch watches'],
  ['downloads', 85, 'download downloads'],
  ['collects', 80, 'collect collects collection collections'],
  ['favorites', 80, 'favorite favorites favourite favourites fav favs bookmark bookmarks'],
  ['stars', 80, 'star stars'],
  ['wins', 80, 'win wins'],
  ['experience', 75, 'exp xp experience'],
  ['comments', 75, 'comment comments reply replies answer answers'],
  ['shares', 70, 'share shares forward forwards repost reposts retweet retweets'],
  ['sales', 70, 'sale sales sold purchases'],
  ['followers', 70, 'follow follows follower followers fan fans subscriber subscribers'],
  ['gifts', 60, 'gift gifts donation donations'],
]

const byWord: ReadonlyMap<string, CounterName> = new Map(
  families.flatMap(([board, weight, words]) => words.split(' ').map((word) => [word, { board, weight }] as const)),
)

/** What counts things, whatever they are. */
const counting: ReadonlySet<string> = new Set(['cnt', 'count', 'counts', 'counter', 'num', 'number', 'total', 'sum'])

/** What makes a number something else than a tally: an identity, a time, a state, a setting. */
const other: ReadonlySet<string> = new Set(
  (
    'id ids uid pid time ctime utime mtime atime at date datetime ts timestamp day month year expire expires ttl ' +
    'status state type kind flag flags is has deleted version ver sort seq sequence index idx page size limit max min ' +
    'port code phone mobile zip level grade lat lng lon latitude longitude width height length duration offset'
  ).split(' '),
)

/** `likeCnt`, `like_cnt`, `LIKE_CNT` and `likecnt` → like, cnt. */
const wordsOf = (column: string): readonly string[] =>
  column
    .replace(/([a-z0-9])([A-Z])/g, '$1_$2')
    .toLowerCase()
    .split(/[^a-z]+/)
    .filter((word) => word !== '')
    .flatMap((word) => {
      const glued = /^([a-z]{2,})(cnt|count|counts|num|total)$/.exec(word)
      const [, stem = '', suffix = ''] = glued ?? []
      // An account and a discount count nothing.
      return glued === null || /^(ac|dis)$/.test(stem) ? [word] : [stem, suffix]
    })

const plural = (word: string): string =>
  word.endsWith('s') ? word : /(x|ch|sh)$/.test(word) ? `${word}es` : `${word}s`

/** Undefined for what does not sound like a counter. `sqlType` as INFORMATION_SCHEMA has it. */
export const counterName = (column: string, sqlType: string): CounterName | undefined => {
  const words = wordsOf(column)
  if (words.length === 0 || words.some((word) => other.has(word))) return undefined
  const counts = words.some((word) => counting.has(word))
  // A read flag, a star: what says only its word and has room for a yes or no.
  if (!counts && sqlType.toLowerCase().startsWith('tinyint')) return undefined
  const named = words.flatMap((word) => byWord.get(word) ?? [])
  const [best] = [...named].sort((a, b) => b.weight - a.weight)
  if (best !== undefined) return best
  if (!counts) return undefined
  const stem = words.filter((word) => !counting.has(word)).join('-')
  return { weight: 50, board: stem === '' ? 'counts' : plural(stem) }
}
