import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { configJsonSchema } from '../../src/runtime/config-json-schema.js'

const published = new URL('../../docs/ranktide.schema.json', import.meta.url)

// To renew it: `ranktide config schema > docs/ranktide.schema.json`, then the formatter.
test('the published JSON Schema is that of the program', () => {
  expect(JSON.parse(readFileSync(published, 'utf8'))).toEqual(configJsonSchema())
})

interface Schema {
  readonly properties: Readonly<Record<string, Schema>>
  readonly additionalProperties?: boolean | Schema
  readonly anyOf?: readonly object[]
  readonly required?: readonly string[]
  readonly default?: unknown
}

test('it refuses unknown keys, knows the defaults, and lets a variable stand for any value', () => {
  const schema = configJsonSchema() as unknown as Schema
  expect(schema.additionalProperties).toBe(false)
  const board = schema.properties.boards?.additionalProperties as Schema
  expect(board.additionalProperties).toBe(false)
  expect(board.required).toEqual(['topic', 'table', 'score'])
  expect(board.properties.size).toMatchObject({
    default: 10,
    anyOf: [
      { type: 'integer', minimum: 1, maximum: 10_000 },
      { type: 'string', pattern: '\\$\\{' },
    ],
  })
  expect(schema.properties.database?.properties.refill?.properties.timeout?.default).toBe('5s')
})
