/**
 * The same text over and over on a terminal, each over the last, on its alternate screen: what stood there before is
 * back when it ends. Cut to the window, so that no line wraps.
 */
export interface Terminal {
  readonly columns: number
  readonly rows: number
}

/** Enters the alternate screen, hides the cursor and wraps no lines. */
export const enterScreen = '\x1b[?1049h\x1b[?25l\x1b[?7l'
export const leaveScreen = '\x1b[?7h\x1b[?25h\x1b[?1049l'

/** From the top left corner on, each line to its end, and nothing below. With wrapping off, long lines end at the edge. */
export const drawn = (text: string, { rows }: Terminal): string => {
  const lines = text.replace(/\n$/, '').split('\n')
  const fitting = lines.length < rows ? lines : [...lines.slice(0, rows - 2), `… ${lines.length - rows + 2} more lines`]
  return `\x1b[H${fitting.map((line) => `${line}\x1b[K\r\n`).join('')}\x1b[J`
}
