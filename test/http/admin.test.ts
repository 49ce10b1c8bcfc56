// POST /admin/reload: who may, and what is answered.
import { Registry } from 'prom-client'
import { expect, test } from 'vitest'
import type { Administration, ReloadAnswer } from '../../src/http/admin-routes.js'
import type { BoardQueries } from '../../src/http/board-queries.js'
import { buildServer } from '../../src/http/server.js'

const token = '0123456789abcdef'
const reloaded: ReloadAnswer = {
  kind: 'reloaded',
  changed: [{ key: 'boards.x', change: 'added' }],
  unchanged: ['boards.y'],
}
const boards: BoardQueries = {
  has: () => false,
  list: () => [],
  page: async () => ({ boards: [], next: undefined }),
  read: () => undefined,
  split: () => undefined,
}
const health = { started: () => true, ready: () => ({ ok: true, checks: [] }), draining: () => false }

const post = async (
  administration: Partial<Administration> | undefined,
  headers: Readonly<Record<string, string>> = {},
  payload?: string,
) => {
  let reloads = 0
  const known: Administration = {
    token: () => token,
    reload: async () => {
      reloads += 1
      return reloaded
    },
    ...administration,
  }
  const log = { debug: () => {}, error: () => {} }
  const options = { boards, health, metrics: new Registry(), log, now: Date.now }
  const server = buildServer(administration === undefined ? options : { ...options, administration: known })
  const given = payload === undefined ? {} : { payload }
  const response = await server.inject({ method: 'POST', url: '/admin/reload', headers: { ...headers }, ...given })
  await server.close()
  return {
    status: response.statusCode,
    headers: response.headers,
    ...response.json<{ msg: string; data: unknown }>(),
    reloads,
  }
}
const bearer = { authorization: `Bearer ${token}` }

test('the token opens it; what changed is told in the envelope of every answer', async () => {
  const { kind, ...data } = reloaded
  expect(await post({}, bearer)).toMatchObject({ status: 200, code: 200, data, reloads: 1 })
  expect(kind).toBe('reloaded')
  expect(await post({}, { authorization: `bearer  ${token} ` })).toMatchObject({ status: 200 })
})

test.each([
  ['application/json', '{"a":'],
  ['application/x-www-form-urlencoded', 'a=1'],
  ['application/json', ''],
])('a body of type %s says nothing', async (type, payload) => {
  expect(await post({}, { ...bearer, 'content-type': type }, payload)).toMatchObject({ status: 200, reloads: 1 })
})

test.each([
  {},
  { authorization: '' },
  { authorization: token },
  { authorization: 'Bearer ' },
  { authorization: `Bearer ${token}x` },
  { authorization: `Bearer ${token.slice(1)}` },
  { authorization: `Basic ${token}` },
])('nothing else does: %j', async (headers) => {
  const answer = await post({}, headers as Record<string, string>)
  expect(answer).toMatchObject({ status: 401, code: 401, data: null, reloads: 0 })
  expect(answer.msg).not.toContain(token)
})

test('without a token it is off, and says what to set; where nothing can be reloaded nothing is there', async () => {
  expect(await post({ token: () => undefined }, bearer)).toMatchObject({
    status: 404,
    msg: expect.stringContaining('http.adminToken'),
    reloads: 0,
  })
  expect(await post(undefined, bearer)).toMatchObject({ status: 404, reloads: 0 })
})

test.each([
  ['invalid', 422],
  ['restart', 409],
  ['unreachable', 503],
  ['starting', 503],
] as const)('a refusal because of %s is %i, with the reason', async (why, status) => {
  const answer = await post({ reload: async () => ({ kind: 'refused', why, text: 'f:1: this' }) }, bearer)
  expect(answer).toMatchObject({ status, code: status, msg: 'f:1: this', data: null })
  expect(answer.headers['retry-after'] !== undefined).toBe(status === 503)
})
