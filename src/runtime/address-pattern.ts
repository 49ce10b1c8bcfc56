/** The forms of `host:port` that a configuration may have. As patterns, so that editors check them by the JSON Schema. */

/** 1 to 65535, without zeros in front. */
const port = '(?:[1-9]\\d{0,3}|[1-5]\\d{4}|6[0-4]\\d{3}|65[0-4]\\d{2}|655[0-2]\\d|6553[0-5])'
const host = '[^\\s:/@,[\\]]+'
/** In brackets, with at least two colons, and if need be a zone. */
const ipv6 = '\\[(?=[^\\]]*:[^\\]]*:)[0-9A-Fa-f:.]+(?:%[\\w.-]+)?\\]'
const broker = `(?:${host}|${ipv6})(?::${port})?`

/** A name or IPv4 address, with or without a port. */
export const addressPattern = new RegExp(`^${host}(?::${port})?$`)

/** Brokers, separated by commas; librdkafka takes port 9092 where there is none. */
export const brokersPattern = new RegExp(`^${broker}(?:,${broker})*$`)
