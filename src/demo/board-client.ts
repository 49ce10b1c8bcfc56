/** Reads the board as any client does: by HTTP. */
import { setTimeout as delay } from 'node:timers/promises'

export interface Article {
  readonly id: number
  readonly biz: string
  readonly read_cnt: number
  readonly like_cnt: number
}

/** One answer of `GET /boards/NAME`. */
export interface BoardAnswer {
  readonly articles: readonly Article[]
  /** The `data` of the body, as JSON text. */
  readonly data: string
  readonly state: string
  readonly reason: string
  /** Seconds, as the header has it; empty if there is none. */
  readonly age: string
  readonly version: string
}

/** Undefined while there is nothing to show yet. */
export const fetchBoard = async (url: string): Promise<BoardAnswer | undefined> => {
  const response = await fetch(url, { signal: AbortSignal.timeout(5_000) })
  const body = await response.text()
  if (response.status !== 200) return undefined
  const { data } = JSON.parse(body) as { readonly data: readonly Article[] }
  const header = (name: string): string => response.headers.get(name) ?? ''
  return {
    articles: data,
    data: JSON.stringify(data),
    state: header('x-board-state'),
    reason: header('x-board-reason'),
    age: header('x-board-age'),
    version: header('x-board-version'),
  }
}

/** The sum of a metric's series in the text of `GET /metrics`. */
export const counterIn = (metrics: string, name: string): number => {
  let sum = 0
  for (const line of metrics.split('\n')) {
    const after = line.startsWith(name) ? line.slice(name.length) : ''
    if (after.startsWith(' ') || after.startsWith('{')) sum += Number(line.slice(line.lastIndexOf(' ') + 1))
  }
  return sum
}

/** Asks until `accepts` says yes to the answer, for `limit` ms, or until `stopped`; the last answer either way. */
export const boardOnce = async (
  url: string,
  limit: number,
  accepts: (answer: BoardAnswer) => boolean,
  stopped?: AbortSignal,
): Promise<BoardAnswer | undefined> => {
  const end = performance.now() + limit
  for (;;) {
    const answer = await fetchBoard(url).catch(() => undefined)
    if ((answer !== undefined && accepts(answer)) || stopped?.aborted || performance.now() >= end) return answer
    await delay(20)
  }
}
