/** What DeadLetters owe the pipeline, whatever keeps them. Run over the memory and over Kafka. */
import { firstValueFrom, from, lastValueFrom } from 'rxjs'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { DeadLetter, DeadLetters } from '../../src/operators/ports.js'

/** A letter as somebody finds it who reads the topic. */
export interface FoundLetter {
  readonly key: Uint8Array | null
  readonly value: Uint8Array | null
  readonly headers: Readonly<Record<string, string>>
}

export interface DeadLetterBox {
  readonly deadLetters: DeadLetters
  /** Everything that was kept so far, oldest first. */
  found(): Promise<readonly FoundLetter[]>
  /** From now on letters are refused, or taken again. */
  setWritable(writable: boolean): Promise<void>
  close(): Promise<void>
}

const bytes = (...values: number[]): Uint8Array => Uint8Array.of(...values)

export const letter = (offset: number, value: Uint8Array | null, key: Uint8Array | null = null): DeadLetter => ({
  message: { topic: 'shop.items', partition: 2, offset, key, value, timestamp: 1_700_000_000_123 },
  refusal: { code: 'PARSE', detail: 'at byte 7: “é” is no JSON' },
  feed: 'shop.items+shop.orders',
})

/** What has to be found of a letter. */
export const foundAs = ({ message, refusal, feed }: DeadLetter): FoundLetter => ({
  key: message.key,
  value: message.value,
  headers: {
    'ranktide-code': refusal.code,
    'ranktide-detail': refusal.detail,
    'ranktide-feed': feed,
    'ranktide-topic': message.topic,
    'ranktide-partition': String(message.partition),
    'ranktide-offset': String(message.offset),
    ...(message.timestamp === undefined ? {} : { 'ranktide-timestamp': String(message.timestamp) }),
  },
})

const headersOf = (offset: number) => ({
  'ranktide-code': 'PARSE',
  'ranktide-detail': 'at byte 7: “é” is no JSON',
  'ranktide-feed': 'shop.items+shop.orders',
  'ranktide-topic': 'shop.items',
  'ranktide-partition': '2',
  'ranktide-offset': String(offset),
  'ranktide-timestamp': '1700000000123',
})

export const deadLettersConformance = (name: string, open: () => Promise<DeadLetterBox>): void => {
  describe(`dead letters: ${name}`, () => {
    let box: DeadLetterBox
    const write = (...letters: DeadLetter[]) =>
      lastValueFrom(from(box.deadLetters.write(letters)), { defaultValue: undefined })
    beforeEach(async () => {
      box = await open()
    })
    afterEach(() => box.close())

    it('keeps value and key byte for byte, and where they came from, in order', async () => {
      await write(
        letter(5, bytes(0xff, 0, 0xfe, 13, 10), bytes(0, 0x80)),
        letter(6, bytes(0), null),
        letter(7, null, bytes(7)),
      )
      await write(letter(8, new Uint8Array([1, 2, 3, 4]).subarray(1, 3)))
      const found = await box.found()
      expect(found.map(({ key, value }) => [key && [...key], value && [...value]])).toEqual([
        [
          [0, 0x80],
          [0xff, 0, 0xfe, 13, 10],
        ],
        [null, [0]],
        [[7], null],
        [null, [2, 3]],
      ])
      expect(found.map(({ headers }) => headers)).toEqual([5, 6, 7, 8].map(headersOf))
    })

    it('leaves out the time of a record that has none', async () => {
      const { message, ...rest } = letter(1, bytes(1))
      await write({ ...rest, message: { ...message, timestamp: undefined } })
      expect(Object.keys((await box.found())[0]?.headers ?? {})).not.toContain('ranktide-timestamp')
    })

    it('takes thousands in one call', async () => {
      await write(...Array.from({ length: 3_000 }, (_, i) => letter(i, bytes(i & 255))))
      const found = await box.found()
      expect(found.map(({ headers }) => Number(headers['ranktide-offset']))).toEqual(
        Array.from({ length: 3_000 }, (_, i) => i),
      )
    })

    it('fails while it cannot keep them, and works again afterwards', async () => {
      await box.setWritable(false)
      await expect(firstValueFrom(from(box.deadLetters.write([letter(1, bytes(1, 2, 3))])))).rejects.toMatchObject({
        code: expect.stringMatching(/^KAFKA_/),
      })
      expect(await box.found()).toEqual([])
      await box.setWritable(true)
      await write(letter(1, bytes(1, 2, 3)))
      expect(await box.found()).toHaveLength(1)
    })
  })
}
