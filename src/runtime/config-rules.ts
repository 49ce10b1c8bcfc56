/**
 * The rules that sections of the configuration are made of. The message of each is the end of an error sentence: what
 * would be allowed.
 */
import { z } from 'zod'
import { parseDuration } from './duration.js'

export const allow = (what: string): string => `allowed: ${what}`

export const textOf = (what: string, pattern: RegExp) =>
  z.string({ error: allow(what) }).regex(pattern, { error: allow(what) })

export const wholeNumber = (min: number, max: number) => {
  const error = allow(`a whole number from ${min} to ${max}`)
  return z.int({ error }).min(min, { error }).max(max, { error })
}

export const oneOf = <const T extends readonly [string, ...string[]]>(...names: T) =>
  z.enum(names, { error: allow(names.join(', ')) })

export const yesOrNo = () => z.boolean({ error: allow('true, false') })

/** A duration in the file, milliseconds after parsing. `min` and `max` are written as in the file. */
export const duration = (min: string, max: string) => {
  const error = allow(`a duration from ${min} to ${max}, such as 50ms, 5s or 10m`)
  const [least, most] = [parseDuration(min) ?? 0, parseDuration(max) ?? 0]
  return z
    .string({ error })
    .regex(/^\d+(\.\d+)?(ms|s|m|h)$/, { error })
    .refine((text) => (parseDuration(text) ?? -1) >= least && (parseDuration(text) ?? -1) <= most, { error })
    .transform((text) => parseDuration(text) ?? 0)
}

/** As `duration`, in days too, or `off`: undefined after parsing. */
export const durationOrOff = (min: string, max: string, such: string) => {
  const error = allow(`a duration from ${min} to ${max}, such as ${such}, or off`)
  const [least, most] = [parseDuration(min) ?? 0, parseDuration(max) ?? 0]
  return z
    .string({ error })
    .regex(/^(off|\d+(\.\d+)?(ms|s|m|h|d))$/, { error })
    .refine((text) => text === 'off' || ((parseDuration(text) ?? -1) >= least && (parseDuration(text) ?? -1) <= most), {
      error,
    })
    .transform((text) => (text === 'off' ? undefined : parseDuration(text)))
}

export const section = <T extends z.ZodRawShape>(what: string, shape: T) =>
  z.strictObject(shape, { error: allow(`a mapping with ${what}`) })

/** One value or a list of different ones; a list after parsing. */
export const oneOrMore = (item: z.ZodString, what: string) => {
  const error = allow(what)
  const list = z
    .array(item, { error })
    .min(1, { error })
    .refine((items) => new Set(items).size === items.length, { error: allow(`${what}, each once`) })
  return z.union([item, list], { error }).transform((value) => (typeof value === 'string' ? [value] : value))
}

export const topicPattern = /^(?!\.{1,2}$)[\w.-]{1,249}$/
export const columnPattern = /^(?!\d+$)[0-9A-Za-z$_\u0080-\uffff]{1,64}$/
/** `table`, or `database.table`. */
export const tablePattern = /^[^\s.`'"/\\]{1,64}(\.[^\s.`'"/\\]{1,64})?$/

const topics = 'one topic, or a list of them; letters, digits, ".", "_", "-"'
export const topicNames = () => oneOrMore(textOf(topics, topicPattern), topics)

export const groupName = () => textOf('a group name of letters, digits, ".", "_", "-"', /^[\w.-]{1,200}$/)
