import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { RanktideError } from '../../../src/core/errors.js'
import { serveFakes, token } from './fakes.js'

let fakes: ReturnType<typeof serveFakes>
beforeEach(() => {
  fakes = serveFakes()
})
afterEach(() => fakes.server.close())

const routes = [
  'GET /interactions/article/1',
  'GET /interactions?biz=article&ids=1',
  'POST /interactions/article/1/like',
  'DELETE /interactions/article/1/like',
  'POST /interactions/article/1/collect',
  'DELETE /interactions/article/1/collect',
  'POST /interactions/article/1/read',
  'GET /history',
  'DELETE /history',
  'GET /profile',
  'PUT /profile',
]

describe('who asks', () => {
  test.each(routes)('%s wants a token', async (route) => {
    const [method = '', url = ''] = route.split(' ')
    const answer = await fakes.server.inject({
      method: method as 'GET',
      url: `${url}${url.includes('?') ? '&' : '?'}uid=7`,
    })
    expect(answer.statusCode).toBe(401)
    expect(answer.headers['www-authenticate']).toBe('Bearer realm="webook"')
    expect(answer.json()).toEqual({ code: 401, msg: 'a token is needed: Authorization: Bearer TOKEN', data: null })
  })

  test('is who the token names, whatever the query or the body says', async () => {
    const authorization = `Bearer ${await token({ sub: '18446744073709551615' })}`
    await fakes.ask('POST /interactions/article/1/like?uid=8', { uid: 9 }, authorization)
    expect(fakes.changes).toEqual([{ kind: 'like', uid: '18446744073709551615', biz: 'article', bizId: '1', on: true }])
  })

  test('an unknown user learns nothing of what a request lacks', async () => {
    const answer = await fakes.ask('PUT /profile', { nickname: '' }, 'Bearer x.y.z')
    expect(answer.statusCode).toBe(401)
  })
})

describe('bad input', () => {
  const ids = (n: number) => Array.from({ length: n }, (_, i) => i).join(',')
  const idAllowed = 'a whole number from 0 to 18446744073709551615'
  const bizAllowed = '1 to 64 letters, digits or any of _ . -'

  test.each([
    ['POST /interactions/article/x/like', `id is "x"; allowed: ${idAllowed}`],
    ['POST /interactions/article/-1/like', `id is "-1"; allowed: ${idAllowed}`],
    ['POST /interactions/article/01/like', `id is "01"; allowed: ${idAllowed}`],
    ['DELETE /interactions/article/1.5/collect', `id is "1.5"; allowed: ${idAllowed}`],
    ['POST /interactions/article/18446744073709551616/read', `id is "18446744073709551616"; allowed: ${idAllowed}`],
    ['GET /interactions/a%20b/1', `biz is "a b"; allowed: ${bizAllowed}`],
    [`GET /interactions/${'b'.repeat(65)}/1`, `biz is "${'b'.repeat(59)}…; allowed: ${bizAllowed}`],
    ['GET /interactions?ids=1', `biz is missing; allowed: ${bizAllowed}`],
    ['GET /interactions?biz=article', 'ids is missing; allowed: 1 to 100 ids separated by commas, not 0'],
    ['GET /interactions?biz=article&ids=', `ids is ""; allowed: ${idAllowed}`],
    ['GET /interactions?biz=article&ids=1,,2', `ids is ""; allowed: ${idAllowed}`],
    ['GET /interactions?biz=article&ids=1,2,1', 'ids is "1"; allowed: each id once'],
    ['GET /interactions?biz=a&biz=b&ids=1', 'biz is given twice; allowed: once'],
    ['GET /history?limit=0', 'limit is "0"; allowed: a whole number from 1 to 100'],
    ['GET /history?limit=101', 'limit is "101"; allowed: a whole number from 1 to 100'],
    ['GET /history?before=nonsense', 'before is "nonsense"; allowed: what the page before has as next'],
  ])('%s', async (route, text) => {
    const answer = await fakes.ask(route)
    expect(answer.json()).toEqual({ code: 400, msg: text, data: null })
    expect(answer.statusCode).toBe(400)
    expect(answer.headers['content-type']).toBe('application/json; charset=utf-8')
  })

  test('101 ids are too many, 100 are not', async () => {
    expect((await fakes.ask(`GET /interactions?biz=article&ids=${ids(100)}`)).statusCode).toBe(200)
    const answer = await fakes.ask(`GET /interactions?biz=article&ids=${ids(101)}`)
    expect(answer.json().msg).toMatch(/^ids is "0,1,.*…; allowed: 1 to 100 ids separated by commas, not 101$/)
  })

  test('a body that is no JSON, a path that is no text, a path that is not there', async () => {
    const authorization = `Bearer ${await token()}`
    const json = { authorization, 'content-type': 'application/json' }
    const bad = await fakes.server.inject({ method: 'PUT', url: '/profile', headers: json, payload: '{' })
    expect(bad.json()).toMatchObject({ code: 400, data: null })
    expect((await fakes.ask('GET /interactions/%E0%A4%A/1')).json()).toMatchObject({ code: 400, data: null })
    expect((await fakes.ask('GET /likes')).json()).toEqual({ code: 404, msg: 'nothing is at GET /likes', data: null })
  })

  test('a like is taken with whatever body comes with it', async () => {
    const headers = { authorization: `Bearer ${await token()}`, 'content-type': 'application/json' }
    const url = '/interactions/article/1/like'
    expect((await fakes.server.inject({ method: 'POST', url, headers, payload: '' })).statusCode).toBe(200)
    expect((await fakes.server.inject({ method: 'DELETE', url, headers, payload: '{' })).statusCode).toBe(200)
  })
})

describe('answers', () => {
  test('ids past 2^53 are strings, others numbers', async () => {
    expect((await fakes.ask('GET /interactions/article/9007199254740991')).body).toContain('"biz_id":9007199254740991,')
    expect((await fakes.ask('GET /interactions/article/9007199254740992')).body).toContain(
      '"biz_id":"9007199254740992",',
    )
  })

  test('a server that is down is told as that, with the time to ask again, and never as 500', async () => {
    fakes = serveFakes({
      counts: { read: () => Promise.reject(new RanktideError('DATABASE_UNREACHABLE', '10.0.0.1:3306: refused')) },
    })
    const answer = await fakes.ask('GET /interactions/article/1')
    expect(answer.statusCode).toBe(503)
    expect(answer.headers['retry-after']).toBe('1')
    expect(answer.json()).toEqual({
      code: 503,
      msg: 'the database cannot be reached; ask again in a moment',
      data: null,
    })
  })

  test('a fault of our own says nothing of itself, and is logged', async () => {
    fakes = serveFakes({ counts: { read: () => Promise.reject(new TypeError('x is not a function')) } })
    const answer = await fakes.ask('GET /interactions/article/1')
    expect(answer.json()).toEqual({ code: 500, msg: 'internal error', data: null })
    expect(fakes.lines.map(({ level }) => level)).toContain('error')
  })

  test('the log names routes, not users, items or texts', async () => {
    await fakes.ask('POST /interactions/secretbiz/4711/like')
    await fakes.ask('PUT /profile', { nickname: ' Cinderella' })
    await fakes.ask('GET /history?before=Cinderella')
    await fakes.ask('GET /Cinderella/4711')
    const logged = JSON.stringify(fakes.lines)
    expect(fakes.lines.length).toBeGreaterThanOrEqual(4)
    expect(logged).toContain('/interactions/:biz/:id/like')
    expect(logged).not.toMatch(/secretbiz|4711|Cinderella/)
  })
})

describe('reads', () => {
  test('202 once the event is in the topic: keyed by the item, exact ids', async () => {
    const authorization = `Bearer ${await token({ sub: '18446744073709551615' })}`
    const answer = await fakes.ask('POST /interactions/article/456/read', undefined, authorization)
    expect(answer.json()).toEqual({ code: 202, msg: '已接受', data: null })
    expect(answer.statusCode).toBe(202)
    const [record] = fakes.log.records('read_events')
    expect(Buffer.from(record?.key ?? []).toString()).toBe('article:456')
    expect(Buffer.from(record?.value ?? []).toString()).toBe(
      '{"uid":"18446744073709551615","biz":"article","biz_id":456,"ts":1795176000000}',
    )
  })

  test('a broker that is away: 503 within the bound, and nothing is acknowledged', async () => {
    fakes.log.available = false
    const began = performance.now()
    const answer = await fakes.ask('POST /interactions/article/456/read')
    expect(performance.now() - began).toBeLessThan(1_000)
    expect(answer.statusCode).toBe(503)
    expect(answer.headers['retry-after']).toBe('1')
    expect(answer.json().msg).toBe('no Kafka broker can be reached; ask again in a moment')
  })

  test('a full queue: 503 at once', async () => {
    fakes.log.full = true
    const answer = await fakes.ask('POST /interactions/article/456/read')
    expect(answer.json()).toMatchObject({ code: 503, msg: 'too many messages wait to be sent; ask again in a moment' })
    expect(fakes.log.records('read_events')).toEqual([])
  })
})

describe('history', () => {
  const reads = Array.from({ length: 5 }, (_, i) => ({ biz: 'a.b', bizId: String(i), readAt: 1_000 - i }))

  test('pages on from where the page before ended, to its end', async () => {
    fakes.history.reads.set('7', reads)
    const seen: string[] = []
    for (let url = '/history?limit=2'; ; ) {
      const { data } = (await fakes.ask(`GET ${url}`)).json()
      seen.push(data.reads.map(({ biz_id }: { biz_id: number }) => biz_id).join())
      if (data.next === null) break
      url = `/history?limit=2&before=${data.next}`
    }
    expect(seen).toEqual(['0,1', '2,3', '4'])
  })

  test('a place at a time that no database holds is no place: 400, and the last one that there may be is', async () => {
    const at = (ms: number) => Buffer.from(`${ms}.1.article`).toString('base64url')
    expect((await fakes.ask(`GET /history?before=${at(253_402_300_799_999)}`)).statusCode).toBe(200)
    for (const ms of [253_402_300_800_000, 999_999_999_999_999]) {
      const answer = await fakes.ask(`GET /history?before=${at(ms)}`)
      const msg = `before is "${at(ms)}"; allowed: what the page before has as next`
      expect(answer.json()).toEqual({ code: 400, msg, data: null })
      expect(answer.statusCode).toBe(400)
    }
  })

  test('is the own one, and is erased', async () => {
    fakes.history.reads.set('7', reads).set('8', reads)
    expect((await fakes.ask('DELETE /history')).json()).toEqual({ code: 200, msg: '操作成功', data: { erased: 5 } })
    expect((await fakes.ask('GET /history')).json().data).toEqual({ reads: [], next: null })
    expect(fakes.history.reads.get('8')).toHaveLength(5)
  })
})

describe('profiles', () => {
  test('there is none, then there is one', async () => {
    const none = 'this user has no profile yet; PUT /profile makes one'
    expect((await fakes.ask('GET /profile')).json()).toEqual({ code: 404, msg: none, data: null })
    const data = { nickname: 'Ann', birthday: '2000-02-29', about: '' }
    expect((await fakes.ask('PUT /profile', data)).json()).toEqual({ code: 200, msg: '操作成功', data })
    expect((await fakes.ask('GET /profile')).json()).toEqual({ code: 200, msg: '查询成功', data })
  })
})
