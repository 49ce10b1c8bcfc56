import { type DangerousRawString, raw } from 'zapatos/db'

/** A name as SQL takes it, whatever characters it has. zapatos itself would take a dot or a quote in it for syntax. */
export const quoted = (name: string): string => `"${name.replaceAll('"', '""')}"`

export const quotedTable = ({
  schema,
  name,
}: {
  readonly schema: string | undefined
  readonly name: string
}): string => (schema === undefined ? quoted(name) : `${quoted(schema)}.${quoted(name)}`)

export const sqlName = (name: string): DangerousRawString => raw(quoted(name))
