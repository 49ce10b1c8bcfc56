import { Registry } from 'prom-client'
import { expect, test } from 'vitest'
import { createRecorder } from '../../src/http/metrics.js'
import { serve } from './fake-boards.js'

const seriesOf = async (registry: Registry): Promise<string[]> =>
  (await registry.metrics())
    .split('\n')
    .filter((line) => line.startsWith('ranktide_'))
    .sort()

test('everything reported becomes a series with bounded labels', async () => {
  const registry = new Registry()
  let time = 1000
  const recorder = createRecorder(registry, () => time)
  recorder.messages('f', 3)
  recorder.messages('f', 2)
  recorder.rows('f', 9)
  recorder.refused('f', 'PARSE')
  recorder.refill('likes')
  recorder.refillFailed('likes', 'DATABASE_TIMEOUT')
  recorder.rebuild('likes')
  recorder.auditDifferences('likes', 2)
  recorder.diffPairs('likes', 4)
  recorder.published('likes', 'published')
  recorder.published('likes', 'moved')
  recorder.boardState('likes', 'exact')
  recorder.boardState('likes', 'degraded')
  recorder.boardConfirmed('likes', 900)
  recorder.lag('f', 0.5)
  recorder.owner('f', true)
  recorder.journal('f', 8)
  recorder.redisHealed('likes')
  recorder.verified('likes', 'not there', 5_000)
  time = 3400
  expect(await seriesOf(registry)).toEqual([
    'ranktide_audit_differences_total{board="likes"} 2',
    'ranktide_board_age_seconds{board="likes"} 2.5',
    'ranktide_board_state{board="likes"} 3',
    'ranktide_diff_pairs_total{board="likes"} 4',
    'ranktide_journal_keys{feed="f"} 8',
    'ranktide_lag_seconds{feed="f"} 0.5',
    'ranktide_messages_total{feed="f"} 5',
    'ranktide_owner{feed="f"} 1',
    'ranktide_publishes_total{board="likes",result="moved"} 1',
    'ranktide_publishes_total{board="likes",result="published"} 1',
    'ranktide_rebuilds_total{board="likes"} 1',
    'ranktide_redis_heals_total{board="likes"} 1',
    'ranktide_refill_failures_total{board="likes",code="DATABASE_TIMEOUT"} 1',
    'ranktide_refills_total{board="likes"} 1',
    'ranktide_refused_messages_total{feed="f",code="PARSE"} 1',
    'ranktide_rows_total{feed="f"} 9',
    'ranktide_verify_last_timestamp_seconds{board="likes"} 5',
    'ranktide_verify_total{board="likes",outcome="not-there"} 1',
  ])
  recorder.owner('f', false)
  expect(await seriesOf(registry)).toContain('ranktide_owner{feed="f"} 0')
})

test('what a former owner said of its boards goes; what it has counted, and other boards, stay', async () => {
  const registry = new Registry()
  const recorder = createRecorder(registry, () => 1000)
  for (const board of ['likes', 'reads', 'other']) {
    recorder.boardState(board, 'exact')
    recorder.boardConfirmed(board, 1000)
  }
  recorder.lag('f', 0.5)
  recorder.journal('f', 8)
  recorder.refill('likes')
  recorder.owner('f', true)
  // Asked for before: the age has its series already.
  await seriesOf(registry)
  recorder.owner('f', false)
  recorder.disowned('f', ['likes', 'reads', 'never-reported'])
  expect(await seriesOf(registry)).toEqual([
    'ranktide_board_age_seconds{board="other"} 0',
    'ranktide_board_state{board="other"} 0',
    'ranktide_owner{feed="f"} 0',
    'ranktide_refills_total{board="likes"} 1',
  ])
  recorder.boardConfirmed('likes', 1000)
  recorder.boardState('likes', 'stale')
  expect(await seriesOf(registry)).toContain('ranktide_board_state{board="likes"} 2')
})

test('each metric has a help text and /metrics serves the registry that was passed in', async () => {
  const { server, registry } = serve()
  createRecorder(registry, () => 0).messages('f', 1)
  const answer = await server.inject({ url: '/metrics' })
  await server.close()
  expect(answer.headers['content-type']).toBe('text/plain; version=0.0.4; charset=utf-8')
  expect(answer.body).toContain('# HELP ranktide_messages_total Messages read from the topics of the feed\n')
  expect(answer.body).toContain('ranktide_messages_total{feed="f"} 1\n')
  expect(answer.body).toContain('process_resident_memory_bytes ')
})

test('two registries in one process do not meet', async () => {
  const [one, two] = [new Registry(), new Registry()]
  createRecorder(one, () => 0).rebuild('a')
  createRecorder(two, () => 0)
  expect(await seriesOf(one)).toHaveLength(1)
  expect(await seriesOf(two)).toHaveLength(0)
})
