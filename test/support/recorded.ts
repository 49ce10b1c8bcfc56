/** Messages that real servers sent, recorded byte for byte, and the tables as they were after each scenario. */
import { readFileSync } from 'node:fs'
import { gunzipSync } from 'node:zlib'

const recordedFile = (name: string): URL => new URL(`../recorded/${name}`, import.meta.url)

export const readLines = (name: string): readonly string[] => {
  const bytes = readFileSync(recordedFile(name))
  const text = (name.endsWith('.gz') ? gunzipSync(bytes) : bytes).toString('utf8')
  return text.split('\n').filter((line) => line !== '')
}

export interface RecordedMessage {
  readonly scenario: string
  readonly partition: number
  readonly offset: number
  readonly timestamp: number
  readonly value: string
}

/** Every row of every table once the scenario was over; values as text. Blobs stand under `COLUMN_hex`. */
export interface RecordedScenario {
  readonly scenario: string
  readonly tables: Readonly<Record<string, readonly Readonly<Record<string, string | null>>[]>>
}

export const recordedMessages = (name: string): readonly RecordedMessage[] =>
  readLines(name).map((line): RecordedMessage => JSON.parse(line))

export const recordedScenarios = (name: string): readonly RecordedScenario[] =>
  readLines(name).map((line): RecordedScenario => JSON.parse(line))
