/** What is wrong with an expression, and where. */
export class ExpressionFault extends Error {
  /** Where the part stands that is wrong: UTF-16 offsets in the source, `end` after its last. */
  readonly at: number
  readonly end: number
  /** What is wrong, or what would be allowed there. */
  readonly sentence: string

  constructor(at: number, end: number, sentence: string) {
    super(sentence)
    this.name = 'ExpressionFault'
    this.at = at
    this.end = end
    this.sentence = sentence
  }
}

/** Columns that a terminal gives a character: East Asian wide ones take two. */
const widthOf = (text: string): number =>
  [...text].reduce(
    (width, char) =>
      width + (/[\u1100-\u115f\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60]/.test(char) ? 2 : 1),
    0,
  )

/** The line of the source that holds the fault, and carets under the spot: two lines of text, indented by `indent`. */
export const caretsUnder = (source: string, { at, end }: ExpressionFault, indent = '  '): string => {
  const start = source.lastIndexOf('\n', at - 1) + 1
  const stop = source.indexOf('\n', at)
  const line = source.slice(start, stop < 0 ? undefined : stop)
  const marked = source.slice(at, Math.min(end, start + line.length))
  const before = ' '.repeat(widthOf(source.slice(start, at)))
  return `${indent}${line.replaceAll('\t', ' ')}\n${indent}${before}${'^'.repeat(Math.max(1, widthOf(marked)))}`
}
