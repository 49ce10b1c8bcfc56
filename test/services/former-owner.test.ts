// What a replica says of itself when it becomes an owner, and when it no longer is one.
import { afterAll, beforeAll, expect, test } from 'vitest'
import { acceptanceRows, Interactives } from '../support/interactives.js'
import { until } from '../support/until.js'
import { WorkerProcess } from '../support/worker-process.js'

let table: Interactives
const replicas: WorkerProcess[] = []

beforeAll(async () => {
  table = await Interactives.create('mariadb')
  await table.insert(acceptanceRows)
})
afterAll(async () => {
  for (const replica of replicas) await replica.stop('SIGKILL')
  await table?.drop()
})

const start = async (instance: string): Promise<WorkerProcess> => {
  const replica = await WorkerProcess.start(table.yaml({ prefix: `former-${table.table}`, instance }))
  replicas.push(replica)
  return replica
}
const owning = (replica: WorkerProcess) =>
  replica.logs.map(({ msg }) => msg).filter((msg) => msg === 'Owning the feed' || msg === 'Standing by')
const gauges = async (replica: WorkerProcess): Promise<readonly string[]> => {
  const text = await (await replica.fetch('/metrics')).text()
  const names = text.match(/^ranktide_(owner|board_state|board_age_seconds|lag_seconds|journal_keys)(?=\{)/gm) ?? []
  return [...new Set(names)].map((name) => name.replace('ranktide_', '')).sort()
}

test('a lone replica never says that it stands by; a second one does; a former owner takes its gauges back', async () => {
  const first = await start('first')
  await until('an exact board', async () => (await first.board('likes')).state === 'exact', 30_000)
  await table.sql(`UPDATE ${table.table} SET like_cnt = 700 WHERE id = 58`)
  await until('a publish', async () => (await first.board('likes', '?limit=1')).body.includes('"id":58,'))
  expect(owning(first)).toEqual(['Owning the feed'])
  await until('all gauges', async () => (await gauges(first)).length === 5)

  const second = await start('second')
  await until('the second to stand by', () => owning(second).includes('Standing by'))
  expect(owning(second)).toEqual(['Standing by'])
  expect(await gauges(second)).toEqual(['owner'])

  first.signal('SIGSTOP')
  try {
    await until('the second to own the feed', () => second.owns, 20_000)
  } finally {
    first.signal('SIGCONT')
  }
  await until('the first to notice', () => !first.owns, 20_000)
  expect(await gauges(first)).toEqual(['owner'])
  expect(await (await first.fetch('/metrics')).text()).toMatch(/^ranktide_owner\{.*\} 0$/m)
  await until('the second to report', async () => (await gauges(second)).includes('board_state'), 20_000)
})
