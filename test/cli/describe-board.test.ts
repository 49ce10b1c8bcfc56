import { expect, test } from 'vitest'
import { describeBoard } from '../../src/cli/describe-board.js'
import { parseConfig } from '../../src/runtime/load-config.js'

/** The line of `config check` for a board with these keys. */
const lineFor = (keys: string): string => {
  const text = `kafka: { brokers: a:1 }
database: { url: mysql://h/webook }
redis: { url: redis://h }
boards: { hot: { topic: t, table: items, ${keys} } }`
  const result = parseConfig(text, 'ranktide.yaml', { environment: {}, hostname: 'pod-1' })
  if (result.kind !== 'config') throw new Error(JSON.stringify(result.problems))
  return result.config.boards.map(describeBoard).join('\n')
}

test('a board in one line: what ranks, which rows, what splits it', () => {
  expect(lineFor('score: likes')).toBe('hot: top 10 of webook.items by likes desc, from topic t')
  expect(lineFor('score: "likes *\\n  2", where: "status = \'on\'", order: asc, size: 3, per: biz')).toBe(
    "hot: top 3 of webook.items by likes * 2 asc where status = 'on' per biz, from topic t",
  )
})
