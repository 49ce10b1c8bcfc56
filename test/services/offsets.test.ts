// `ranktide offsets` as an operator uses it, on real servers, beside workers that go on from what it has set.
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type CountedTable, createCountedTable } from '../../scripts/bench/counted-table.js'
import { runProgram } from '../../src/cli/program.js'
import { readOffsets } from '../../src/operate/read-offsets.js'
import { resetOffsets } from '../../src/operate/reset-offsets.js'
import { command, type Ended } from '../support/command.js'
import { acceptanceRows, Interactives } from '../support/interactives.js'
import { committedOffsets, deleteRecordsBefore, send, TestTopics, uniqueName } from '../support/kafka-server.js'
import { programActions } from '../support/program-actions.js'
import { canalTopic, stack } from '../support/stack.js'
import { until } from '../support/until.js'
import { WorkerProcess } from '../support/worker-process.js'

const event = (bizId: number): string => JSON.stringify({ uid: 1, biz: 'article', biz_id: bizId, ts: Date.now() })
const events = (partition: number, count: number) =>
  Array.from({ length: count }, (_, i) => ({ partition, value: event(i + 1) }))

/** One command line with its real actions, in this process: a process each would take most of the time. */
const offsetsOf = async (directory: string, yaml: string, words: readonly string[]): Promise<Ended> => {
  const file = join(directory, 'ranktide.yaml')
  await writeFile(file, yaml)
  let [out, error] = ['', '']
  const actions = programActions({
    readOffsets,
    resetOffsets,
    out: (text) => {
      out += text
    },
    error: (text) => {
      error += text
    },
  })
  const code = await runProgram(actions, ['offsets', ...words, '--config', file])
  return { code, out, error }
}

interface Shown {
  readonly active: boolean | null
  readonly state: string | null
  readonly partitions: readonly Readonly<Record<string, unknown>>[]
}

describe.each(['mariadb', 'postgres'] as const)('offsets of a counter on %s', (server) => {
  const topics = new TestTopics()
  const base = uniqueName('offsets')
  const group = `${base}.counter.reads`
  let topic: string
  let table: CountedTable
  let yaml: string
  let worker: WorkerProcess | undefined
  let directory: string

  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), 'ranktide-offsets-'))
    topic = await topics.create(2)
    table = await createCountedTable(stack[server], 'offsets')
    yaml = `
kafka: { brokers: '${stack.kafka}', group: ${base} }
database: { url: '${table.url}' }
http: { port: 0 }
counters:
  reads: { topic: ${topic}, table: ${table.table}, add: { read_cnt: 1 }, window: { time: 20ms } }
`
    expect((await command(['migrate'], yaml)).code).toBe(0)
  })

  afterAll(async () => {
    await worker?.stop('SIGKILL')
    await table?.close()
    await topics.close()
    await rm(directory, { recursive: true, force: true })
  })

  const offsets = (...words: string[]): Promise<Ended> => offsetsOf(directory, yaml, words)
  const reset = (...words: string[]): Promise<Ended> => offsets('reset', '--counter', 'reads', ...words)
  const show = async (): Promise<Shown> => {
    const { code, out, error } = await offsets('show', '--json')
    expect(error).toBe('')
    expect(code).toBe(0)
    return JSON.parse(out).pipelines[0]
  }
  const nexts = async () => (await show()).partitions.map(({ next }) => next)
  const sum = async (): Promise<number> =>
    Number((await table.query('SELECT SUM(read_cnt) FROM DB.interactives'))[0]?.[0] ?? 0)
  const epochs = async () =>
    (await table.query('SELECT epoch FROM DB.consumer_offsets ORDER BY partition_id')).flat().map(Number)

  const count = async (exactly: number): Promise<void> => {
    worker = await WorkerProcess.start(yaml)
    await until(`${exactly} are counted`, async () => (await sum()) >= exactly, 30_000)
    await until(
      'it has caught up',
      async () => (await (await worker?.fetch('/readyz?verbose'))?.text())?.includes(' 0 events') === true,
      30_000,
    )
  }
  const stop = async (): Promise<void> => {
    expect(await worker?.stop()).toBe(0)
    worker = undefined
  }

  test('before anything was read nothing is stored, and nobody knows of members', async () => {
    expect(await show()).toMatchObject({
      active: null,
      partitions: [{ next: null, committed: null, end: 0 }, { next: null }],
    })
    expect((await offsets('show')).out).toMatch(
      /counters\.reads .*\nunknown: group .* has committed nothing in Kafka yet/,
    )
  })

  test('a partition begins where a reset has set it, though no offset was stored', async () => {
    await send(topic, [...events(0, 12), ...events(1, 6)])
    const { out, code } = await reset('--to', '0:2,1:0', '--execute')
    expect(out).toContain(
      `no offset is stored for ${topic}/0, ${topic}/1: they begin there, and not at the beginning as start says`,
    )
    expect(out).toContain(`Done. Before: counters.reads ${topic}/0:nothing,${topic}/1:nothing`)
    expect(code).toBe(0)
    await count(16)
    expect(await sum()).toBe(16)
  })

  test('while a worker counts it is told, planned, and refused', async () => {
    await until('the mirror is there', async () => (await committedOffsets(group, topic, 2))[0] === 12, 30_000)
    expect(await show()).toMatchObject({
      active: true,
      partitions: [
        { partition: `${topic}/0`, first: 0, committed: 12, next: 12, end: 12, lag: 0 },
        { partition: `${topic}/1`, first: 0, committed: 6, next: 6, end: 6, lag: 0 },
      ],
    })
    const planned = await reset('--to', 'beginning')
    expect(planned.out).toMatch(
      /ACTIVE: group .* has members[\s\S]*AGAIN[\s\S]*It is refused while counters\.reads is active/,
    )
    expect(planned.code).toBe(0)
    const refused = await reset('--to', 'beginning', '--execute')
    expect(refused.error).toMatch(
      /GROUP_ACTIVE: .*counters\.reads: group .* has members.*kafka-consumer-groups .*--members --group .*stop all workers/,
    )
    expect(refused.code).toBe(1)
    expect(await nexts()).toEqual([12, 6])
    expect((await offsets('export', join(directory, 'saved.json'))).code).toBe(0)
    await stop()
  })

  test('a plan changes nothing', async () => {
    const before = await epochs()
    const { out, code } = await reset('--to', '0:6,1:6')
    expect(out).toContain('counts the events of 6 offsets AGAIN')
    expect(out).toContain('Nothing was changed: this is the plan.')
    expect(out).toMatch(/To do it: ranktide offsets reset --counter reads --to 0:6,1:6 --config .* --execute/)
    expect(code).toBe(0)
    expect(await nexts()).toEqual([12, 6])
    expect(await epochs()).toEqual(before)
  })

  test('backward counts exactly those again, under a raised epoch and with the mirror set', async () => {
    const before = await epochs()
    const { out, code } = await reset('--to', '0:6,1:6', '--execute')
    expect(out).toContain(`To undo: ranktide offsets reset --counter reads --to ${topic}/0:12,${topic}/1:6 --config`)
    expect(code).toBe(0)
    expect(await nexts()).toEqual([6, 6])
    expect(await committedOffsets(group, topic, 2)).toEqual([6, 6])
    const after = await epochs()
    expect(after[0]).toBe((before[0] ?? 0) + 1)
    await send(topic, events(1, 2))
    await count(16 + 6 + 2)
    expect(await sum()).toBe(24)
    await stop()
  })

  test('what was exported comes back, and what came since is counted again', async () => {
    const file = join(directory, 'saved.json')
    expect((await offsets('export', file)).error).toMatch(/saved\.json is there already; name another file/)
    const planned = await offsets('import', file)
    expect(planned.out).toContain('counts the events of 2 offsets AGAIN')
    expect(await nexts()).toEqual([12, 8])
    expect((await offsets('import', file, '--execute')).code).toBe(0)
    expect(await nexts()).toEqual([12, 6])
    const again = await offsets('import', file, '--execute')
    expect(again.out).toContain('Nothing to do.')
    const saved = JSON.parse(await readFile(file, 'utf8'))
    saved.pipelines[0].partitions[1].next = 99
    await writeFile(file, JSON.stringify(saved))
    expect((await offsets('import', file)).error).toMatch(
      /OFFSET_INVALID: .*saved\.json: counters\.reads: 99 is past the end of .*\/1, which has 0 to 8/,
    )
  })

  test('forward leaves exactly those out, on the partition that is named', async () => {
    await send(topic, [...events(0, 1), ...events(1, 3)])
    const { out } = await reset('--to', 'end', '--partition', '1', '--json')
    expect(JSON.parse(out)).toMatchObject({
      executed: false,
      plans: [{ action: 'set', skipped: 5, again: 0, moves: [{ partition: `${topic}/1`, from: 6, to: 11 }] }],
    })
    expect((await reset('--to', 'end', '--partition', '1', '--execute')).out).toContain(
      'NEVER counts the events of 5 offsets',
    )
    await count(25)
    expect(await sum()).toBe(25)
    await stop()
  })

  test('every wrong word says what is there and what to type', async () => {
    await deleteRecordsBefore(topic, 0, 5)
    const wrong = async (words: readonly string[], code: number, sentence: RegExp) => {
      const { error, code: ended } = await offsets(...words)
      expect(error).toMatch(sentence)
      expect(ended).toBe(code)
    }
    const to = ['reset', '--counter', 'reads', '--to']
    await wrong(
      [...to, '3'],
      1,
      /\/0 no longer has 3: it has 5 to 13 \(its end\), .*retention has passed\); type beginning to begin at 5/,
    )
    await wrong([...to, '1:500'], 1, /500 is past the end of .*\/1, which has 0 to 11 \(its end\); type end/)
    await wrong([...to, '7:1'], 1, /there is no partition .*\/7; there are .*\/0: 5 to 13/)
    await wrong([...to, 'end', '--partition', '4'], 1, /there is no partition 4; there are .*\/0, .*\/1/)
    await wrong([...to, 'begining'], 2, /did you mean beginning\?/)
    await wrong([...to, '2026-11-21T08:00:00'], 2, /has no time zone; write 2026-11-21T08:00:00Z/)
    await wrong(['reset', '--to', 'end'], 2, /needed: --board NAME, --counter NAME/)
    await wrong(['reset', '--counter', 'reads'], 2, /required option '--to <spec>'/)
    await wrong(['reset', '--counter', 'raeds', '--to', 'end'], 2, /did you mean reads\? its counters: reads/)
    await wrong(['reset', '--board', 'likes', '--to', 'end'], 2, /--board likes is not in .*; it has no boards/)
    await wrong(['show', '--group', 'nobody'], 2, /--group nobody is not in .* its groups: /)
    await wrong(['show', '--counter', 'reads', '--history'], 2, /cannot be used with/)
    await wrong(['import', join(directory, 'none.json')], 1, /none\.json does not exist/)
  })
})

describe('offsets of a board', () => {
  const prefix = uniqueName('offsets-board')
  let table: Interactives
  let yaml: string
  let worker: WorkerProcess | undefined
  let directory: string

  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), 'ranktide-offsets-'))
    table = await Interactives.create('mariadb')
    await table.insert(acceptanceRows)
    yaml = table.yaml({ prefix, instance: 'one' })
  })

  afterAll(async () => {
    await worker?.stop('SIGKILL')
    await table?.drop()
    await rm(directory, { recursive: true, force: true })
  })

  const offsets = (...words: string[]): Promise<Ended> => offsetsOf(directory, yaml, words)
  const show = async (): Promise<Shown> => JSON.parse((await offsets('show', '--json')).out).pipelines[0]
  const next = async () => Number((await show()).partitions[0]?.next)
  const isExact = async (): Promise<boolean> => {
    const { body, state } = (await worker?.board('likes')) ?? {}
    return state === 'exact' && body === (await table.expectedBody())
  }
  const start = async (): Promise<void> => {
    worker = await WorkerProcess.start(yaml)
    await until('the board is exact', isExact, 60_000)
  }
  const stop = async (): Promise<void> => {
    expect(await worker?.stop()).toBe(0)
    worker = undefined
  }
  const like = (id: number, likes: number) =>
    table.sql(`UPDATE ${table.table} SET like_cnt = ${likes} WHERE id = ${id}`)

  test('backward: the next start reads it again, shows nothing of the past, and is exact', async () => {
    await start()
    expect(await show()).toMatchObject({ active: true, state: 'exact' })
    const from = await next()
    for (let i = 0; i < 20; i++) await like(78, 400 + i)
    await like(10, 500)
    await until('the board is exact', isExact, 60_000)
    const active = await offsets('reset', '--board', 'likes', '--to', `0:${from}`, '--execute')
    expect(active.error).toMatch(/GROUP_ACTIVE: .*boards\.likes: one:\w+ holds the lease of feed maria\.webook/)
    await stop()
    const at = await next()
    expect(at).toBeGreaterThan(from)
    const done = await offsets('reset', '--board', 'likes', '--to', `0:${from}`, '--execute')
    expect(done.out).toContain(`the next start reads ${at - from} offsets again`)
    expect(done.code).toBe(0)
    expect((await show()).partitions[0]).toMatchObject({ next: from, position: at })
    expect((await committedOffsets(prefix, canalTopic('mariadb', 'webook'), 1))[0]).toBe(from)
    await like(11, 300)
    worker = await WorkerProcess.start(yaml)
    const seen = new Set<string>()
    await until(
      'the board is exact',
      async () => {
        const { body, state } = (await worker?.board('likes')) ?? {}
        if (state === 'exact' && body !== undefined) seen.add(body)
        return isExact()
      },
      60_000,
    )
    // The board of before may still be said to be exact for a moment; the twenty steps on the way to it never are.
    expect(seen.size).toBeLessThanOrEqual(2)
    expect(worker.logs.find(({ msg }) => msg === 'Starting the feed')).toMatchObject({ start: 'warm' })
    const metrics = await (await worker.fetch('/metrics')).text()
    const messages = Number(/ranktide_messages_total\{feed="maria.webook"\} (\d+)/.exec(metrics)?.[1])
    expect(messages).toBeGreaterThanOrEqual(at - from)
    await until('the heartbeat vouches for it', async () => (await next()) > at, 30_000)
    await stop()
  })

  test('forward: it is degraded, read from its table, and exact', async () => {
    const before = await next()
    await like(12, 900)
    await until('the change is in Kafka', async () => Number((await show()).partitions[0]?.end) > before, 30_000)
    const done = await offsets('reset', '--board', 'likes', '--to', 'end', '--execute')
    expect(done.out).toContain('it is degraded until the next start has read it from its table')
    expect((await show()).state).toMatch(/^degraded: an operator set its offsets forward/)
    expect((await offsets('reset', '--board', 'likes', '--to', 'beginning')).out).toMatch(
      /has nothing to go on from[\s\S]*Nothing to do\./,
    )
    await start()
    expect(worker?.logs.find(({ msg }) => msg === 'Starting the feed')).toMatchObject({ start: 'cold' })
    await stop()
  })
})
