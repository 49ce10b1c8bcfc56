/** The JSON Schema of `ranktide.yaml`, for editors. It describes the file as written, variables not yet filled in. */
import { z } from 'zod'
import { boardNamePattern, configSchema } from './config-schema.js'

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

/** Durations become numbers when parsed; in the file their defaults are texts. */
const showDefault = (schema: JsonSchema, milliseconds: unknown): void => {
  if (schema.type !== 'string' || typeof milliseconds !== 'number') return
  schema.default = milliseconds % 1000 === 0 ? `${milliseconds / 1000}s` : `${milliseconds}ms`
}

export const configJsonSchema = (): JsonSchema => {
  const schema = z.toJSONSchema(configSchema, {
    target: 'draft-7',
    io: 'input',
    override: ({ jsonSchema }) => {
      const leaf = jsonSchema as JsonSchema
      showDefault(leaf, leaf.default)
      allowVariables(leaf)
    },
  }) as JsonSchema
  const properties = schema.properties as Record<string, JsonSchema>
  const boards = properties.boards
  if (boards !== undefined) {
    boards.propertyNames = { pattern: boardNamePattern.source }
    boards.minProperties = 1
  }
  return { ...schema, title: 'ranktide.yaml' }
}
