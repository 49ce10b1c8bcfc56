/** The demo's two boards: which they are, and what they rank by. */
import type { CountColumn } from './articles.js'

export interface DemoBoard {
  readonly name: string
  readonly column: CountColumn
}

export const demoBoards: readonly DemoBoard[] = [
  { name: 'likes', column: 'like_cnt' },
  { name: 'reads', column: 'read_cnt' },
]

export const boardSize = 10

export const boardUrl = (address: string, { name }: DemoBoard): string => `${address}/boards/${name}`
