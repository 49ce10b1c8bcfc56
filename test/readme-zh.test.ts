// README.zh.md is README.md in Chinese: the same sections, commands, printed output, links and numbers, block by block.
// Who changes one changes the other; a heading that is new or renamed also goes into the list below.
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { describe, expect, test } from 'vitest'

const read = (file: string): string => readFileSync(fileURLToPath(new URL(`../${file}`, import.meta.url)), 'utf8')

/** Every heading, in order. */
const headings: readonly (readonly [english: string, chinese: string])[] = [
  ['# ranktide', '# ranktide'],
  ['## Try it', '## 快速体验'],
  ['## With your own servers', '## 接入自己的服务器'],
  ['## Counting reads', '## 阅读计数'],
  ['## For operators', '## 运维命令'],
  ['## HTTP', '## HTTP 接口'],
  ['## What it promises, and what not', '## 承诺与边界'],
  ['## What it needs', '## 运行要求'],
  ['## Further', '## 更多文档'],
]

interface Block {
  readonly kind: 'heading' | 'code' | 'bullet' | 'numbered' | 'row' | 'paragraph'
  /** Without the ends of its lines, which Chinese does not have where English has them; code as it is. */
  readonly text: string
}

const kindOf = (line: string): Block['kind'] => {
  if (/^#+ /.test(line)) return 'heading'
  if (/^\s*- /.test(line)) return 'bullet'
  if (/^\s*\d+\. /.test(line)) return 'numbered'
  return line.startsWith('|') ? 'row' : 'paragraph'
}

const blocksOf = (page: string): readonly Block[] => {
  const blocks: Block[] = []
  let open = false
  // Code with its fences; else a line. A fence that is not closed is text, and then no block of it equals the other's.
  for (const [piece] of page.matchAll(/^ *```\w*\n[\s\S]*?^ *```$|^.*$/gm)) {
    const last = blocks.at(-1)
    const code = piece.trimStart().startsWith('```')
    const kind = code ? 'code' : kindOf(piece)
    if (piece.trim() === '' || /^[| -]+$/.test(piece)) open = false
    else if (open && kind === 'paragraph' && last !== undefined)
      blocks[blocks.length - 1] = { kind: last.kind, text: `${last.text} ${piece.trim()}` }
    else {
      blocks.push({ kind, text: code ? piece : piece.trim() })
      open = kind === 'paragraph' || kind === 'bullet' || kind === 'numbered'
    }
  }
  return blocks
}

const [english, chinese] = [blocksOf(read('README.md')), blocksOf(read('README.zh.md'))]
const languages = (blocks: readonly Block[]): string => blocks[1]?.text ?? ''

/** Both, with the line that leads to the other language left out. */
const pairs = english.flatMap((block, index): (readonly [Block, Block | undefined])[] =>
  index === 1 ? [] : [[block, chinese[index]]],
)

const inlineCode = ({ text }: Block): readonly string[] => [...text.matchAll(/`[^`]+`/g)].map(([code]) => code).sort()
const links = ({ text }: Block): readonly string[] =>
  [...text.matchAll(/\]\(([^)\s]+)\)/g)].map(([, target = '']) => target).sort()
/** Those in digits, outside code and addresses. The number of an item stays in: it is the same, too. */
const numbers = ({ text }: Block): readonly string[] =>
  [...text.replace(/`[^`]+`|\]\([^)]*\)/g, ' ').matchAll(/\d+(?:[.,]\d+)*/g)].map(([number]) => number).sort()

describe('README.zh.md beside README.md', () => {
  test('both lead to the other at the top', () => {
    expect(languages(english)).toContain('](README.zh.md)')
    expect(languages(chinese)).toContain('](README.md)')
  })

  test('the headings are those of the list, in its order', () => {
    const of = (blocks: readonly Block[]) => blocks.flatMap(({ kind, text }) => (kind === 'heading' ? [text] : []))
    expect(of(english)).toEqual(headings.map(([text]) => text))
    expect(of(chinese)).toEqual(headings.map(([, text]) => text))
  })

  test('commands, configurations and printed output are equal, byte for byte', () => {
    const of = (blocks: readonly Block[]) => blocks.flatMap(({ kind, text }) => (kind === 'code' ? [text] : []))
    expect(of(english).length).toBeGreaterThan(9)
    expect(of(chinese)).toEqual(of(english))
  })

  test('paragraphs, items and rows stand in the same order', () => {
    const of = (blocks: readonly Block[]) => blocks.map(({ kind }) => kind)
    expect(of(chinese)).toEqual(of(english))
  })

  test('what stands in backquotes, links and numbers are the same in each', () => {
    for (const [from, to = { kind: from.kind, text: '' }] of pairs) {
      if (from.kind === 'code') continue
      const told = `${from.text}\n${to.text}`
      expect(inlineCode(to), told).toEqual(inlineCode(from))
      expect(links(to), told).toEqual(links(from))
      expect(numbers(to), told).toEqual(numbers(from))
    }
  })

  test('each is in its language', () => {
    const prose = (blocks: readonly Block[]) => blocks.slice(2).filter(({ kind }) => kind !== 'code')
    for (const { text } of prose(chinese)) expect(text).toMatch(/\p{Script=Han}/u)
    for (const { text } of prose(english)) expect(text).not.toMatch(/\p{Script=Han}/u)
  })
})
