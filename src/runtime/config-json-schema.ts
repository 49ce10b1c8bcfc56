/** The JSON Schema of `ranktide.yaml`, for editors. It describes the file as written, variables not yet filled in. */
import { z } from 'zod'
import { configSchema } from './config-schema.js'
import { namePattern } from './config-tree.js'

type JsonSchema = Record<string, unknown>

const variable = { type: 'string', pattern: '\\$\\{' }

/** Whether a value of this schema could not be written as `${NAME}` without the schema objecting. */
const refusesVariables = (schema: JsonSchema): boolean =>
  schema.type === 'integer' ||
  schema.type === 'boolean' ||
  (schema.type === 'string' && (schema.enum !== undefined || schema.pattern !== undefined))

/** Moves what a leaf demands into one branch of an `anyOf`, beside which any text with a variable is allowed. */
const allowVariables = (schema: JsonSchema): void => {
  if (!refusesVariables(schema)) return
  const { default: standard, description, ...demands } = schema
  for (const key of Object.keys(schema)) delete schema[key]
  if (description !== undefined) schema.description = description
  if (standard !== undefined) schema.default = standard
  schema.anyOf = [demands, variable]
}

export const configJsonSchema = (): JsonSchema => {
  const schema = z.toJSONSchema(configSchema, {
    target: 'draft-7',
    io: 'input',
    override: ({ jsonSchema }) => allowVariables(jsonSchema as JsonSchema),
  }) as JsonSchema
  const { redis = {}, boards = {}, counters = {} } = schema.properties as Record<string, JsonSchema>
  // What config-checks.ts demands beside the schema.
  redis.oneOf = [{ required: ['url'] }, { required: ['sentinels', 'name'] }, { required: ['cluster'] }]
  for (const named of [boards, counters]) {
    named.propertyNames = { pattern: namePattern.source }
    named.minProperties = 1
  }
  schema.dependencies = { boards: ['redis'] }
  schema.anyOf = ['boards', 'counters', 'history'].map((part) => ({ required: [part] }))
  return { ...schema, title: 'ranktide.yaml' }
}
