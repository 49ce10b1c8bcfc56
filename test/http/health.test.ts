import { expect, test } from 'vitest'
import type { Health } from '../../src/http/health.js'
import { serve } from './fake-boards.js'

const ask = async (url: string, health: Partial<Health>): Promise<[number, string]> => {
  const { server } = serve(health)
  const answer = await server.inject({ url })
  expect(answer.headers['content-type']).toBe('text/plain; charset=utf-8')
  await server.close()
  return [answer.statusCode, answer.body]
}
const asked = (): never => {
  throw new Error('a dependency was asked')
}

test('/livez asks nothing', async () => {
  expect(await ask('/livez', { started: asked, ready: asked, draining: asked })).toEqual([200, 'ok\n'])
})

test('/startupz turns to 200 when the start is over', async () => {
  expect(await ask('/startupz', { started: () => false })).toEqual([503, 'starting\n'])
  expect(await ask('/startupz', { started: () => true })).toEqual([200, 'ok\n'])
})

const checks = [
  { name: 'likes', ok: true, detail: 'exact' },
  { name: 'kafka', ok: false, detail: 'no broker at localhost:9092' },
]

test('/readyz: a failed check alone does not make a replica unready', async () => {
  const ready = () => ({ ok: true, checks })
  expect(await ask('/readyz', { ready })).toEqual([200, 'ok\n'])
  expect(await ask('/readyz?verbose', { ready })).toEqual([
    200,
    '[+]likes exact\n[-]kafka no broker at localhost:9092\nok\n',
  ])
})

test('/readyz: 503 before anything can be served', async () => {
  const ready = () => ({ ok: false, checks })
  expect(await ask('/readyz', { ready })).toEqual([503, 'not ready\n'])
  expect((await ask('/readyz?verbose=1', { ready }))[1]).toBe(
    '[+]likes exact\n[-]kafka no broker at localhost:9092\nnot ready\n',
  )
})

test('/readyz: 503 while draining, though everything can be served', async () => {
  expect(await ask('/readyz', { draining: () => true })).toEqual([503, 'draining\n'])
})

test('/readyz?only= asks for one kind of pipeline, and refuses others by name', async () => {
  const ready = (only?: string) => ({
    ok: only !== 'counters',
    checks: [{ name: `${only}`, ok: true, detail: 'asked' }],
  })
  expect(await ask('/readyz?only=boards&verbose', { ready })).toEqual([200, '[+]boards asked\nok\n'])
  expect(await ask('/readyz?only=counters', { ready })).toEqual([503, 'not ready\n'])
  const { server } = serve({ ready })
  const answer = await server.inject({ url: '/readyz?only=titles' })
  expect([answer.statusCode, answer.json()]).toEqual([
    400,
    { code: 400, msg: 'only is "titles"; allowed: boards, counters', data: null },
  ])
  await server.close()
})
