// Checkpoints of replays: read back as they were written, whole or not at all, and of no use to another replay.
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import { afterAll, describe, expect, it } from 'vitest'
import { CheckpointSaver, readCheckpoint, writeCheckpoint } from '../../src/replay/checkpoint-file.js'
import { type Checkpoint, checkBelongs } from '../../src/replay/checkpoint-text.js'

const folder = mkdtempSync(join(tmpdir(), 'ranktide-checkpoint-'))
afterAll(() => rmSync(folder, { recursive: true }))

const checkpoint = (rows: number): Checkpoint => ({
  of: { board: 'likes', '--from': 'beginning' },
  range: { from: [['t/0', 3]], to: [['t/0', 900]] },
  state: {
    table: {
      rows: new Map(Array.from({ length: rows }, (_, i) => [`key "${i}"\n`, [String(i), null, '五 ☃']])),
      doubts: new Map([['altered', 'the table was altered']]),
      broken: 'PARSE: cut',
      refused: 2,
    },
    positions: new Map([['t/0', 77]]),
    newest: new Map([['t/0', 1_795_254_429_000]]),
    messages: 74,
    rows: 71,
    refused: 3,
  },
})

describe('a checkpoint', () => {
  it.each(['plain', 'packed.gz'])('%s comes back as it was, beside nothing else', async (name) => {
    const path = join(folder, name)
    const written = checkpoint(60_000)
    await writeCheckpoint(path, checkpoint(5))
    await writeCheckpoint(path, written)
    expect(await readCheckpoint(path)).toEqual(written)
    expect(readdirSync(folder).filter((file) => file.endsWith('.tmp'))).toEqual([])
    const bytes = readFileSync(path)
    expect(name.endsWith('.gz') ? gunzipSync(bytes).length > 5 * bytes.length : bytes[0] === 0x7b).toBe(true)
  })

  it('that is not there is none', async () => {
    expect(await readCheckpoint(join(folder, 'missing'))).toBeUndefined()
  })

  it('that is cut off anywhere, or something else, is refused', async () => {
    const path = join(folder, 'cut')
    await writeCheckpoint(path, checkpoint(3))
    const whole = readFileSync(path, 'utf8')
    const lines = whole.trimEnd().split('\n')
    const others = ['', 'x', '{"a":1}\n', `${whole}${lines.at(-1)}\n`, [lines[0], lines[1], lines.at(-1)].join('\n')]
    for (const text of [...lines.map((_, i) => lines.slice(0, i).join('\n')), ...others]) {
      writeFileSync(path, text)
      await expect(readCheckpoint(path), text).rejects.toMatchObject({ code: 'CHECKPOINT_INVALID' })
    }
    writeFileSync(path, whole)
    expect(await readCheckpoint(path)).toEqual(checkpoint(3))
  })

  it('of another replay is refused with what differs', () => {
    const there = { board: 'likes', '--to': 'end', definition: 'x'.repeat(300) }
    checkBelongs('f', there, { ...there })
    expect(() => checkBelongs('f', there, { ...there, '--to': '12' })).toThrow(
      'f is of another replay: --to end (here: 12); repeat its words to go on, or name another file to begin anew',
    )
    expect(() => checkBelongs('f', there, { board: 'likes', '--to': 'end', definition: 'y' })).toThrow(
      'another definition',
    )
    expect(() => checkBelongs('f', there, { ...there, '--file': 'a' })).toThrow('--file nothing (here: a)')
  })

  it('that cannot be written says so', async () => {
    const saver = new CheckpointSaver(join(folder, 'no', 'such', 'folder'), () => checkpoint(1))
    expect(saver.due()).toBe(false)
    await expect(saver.save()).rejects.toMatchObject({
      code: 'CHECKPOINT_INVALID',
      detail: expect.stringMatching(/cannot be written: its folder does not exist$/),
    })
  })
})
