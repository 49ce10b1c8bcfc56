import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { now, type Served, serve, viewOf } from './fake-boards.js'

let served: Served
beforeEach(() => {
  served = serve()
})
afterEach(() => served.server.close())

const rows = [
  '{"id":78,"biz_id":11,"biz":"et","read_cnt":0,"like_cnt":650}',
  '{"id":82,"biz_id":100,"biz":"et","read_cnt":0,"like_cnt":550}',
  '{"id":58,"biz_id":7,"biz":"wq3","read_cnt":0,"like_cnt":290}',
]
const get = (url: string, headers: Record<string, string> = {}) => served.server.inject({ url, headers })

describe('GET /boards/:name', () => {
  test('the body is the rows as they are, in the envelope, byte for byte', async () => {
    served.boards.boards.set('likes', viewOf(rows))
    const answer = await get('/boards/likes?limit=2')
    expect(answer.statusCode).toBe(200)
    expect(answer.rawPayload).toEqual(
      Buffer.from(
        '{"code":200,"msg":"查询成功","data":[{"id":78,"biz_id":11,"biz":"et","read_cnt":0,"like_cnt":650},{"id":82,"biz_id":100,"biz":"et","read_cnt":0,"like_cnt":550}]}',
        'utf8',
      ),
    )
    expect(answer.headers['content-type']).toBe('application/json; charset=utf-8')
    expect(answer.headers['content-length']).toBe(String(answer.rawPayload.length))
  })

  test('row texts are not parsed: integers beyond 2^53 and duplicate spellings survive', async () => {
    served.boards.boards.set('likes', viewOf(['{"id":"18446744073709551615","like_cnt":1.50}']))
    expect((await get('/boards/likes')).body).toContain('[{"id":"18446744073709551615","like_cnt":1.50}]')
  })

  test('an empty board is an empty list', async () => {
    served.boards.boards.set('likes', viewOf([]))
    expect((await get('/boards/likes')).body).toBe('{"code":200,"msg":"查询成功","data":[]}')
  })

  test('the headers tell state, reason, age and version', async () => {
    served.boards.boards.set('likes', viewOf(rows, { confirmedAt: now - 1500, version: 1_700_000_000_123 }))
    expect((await get('/boards/likes')).headers).toMatchObject({
      'x-board-state': 'exact',
      'x-board-reason': '',
      'x-board-age': '1.500',
      'x-board-version': '1700000000123',
    })
  })

  test('a reason that is no ASCII, or not one line, still makes a header that can be read back', async () => {
    const reason = '数据库 down\r\nx-evil: 1, 100% sure'
    served.boards.boards.set('likes', viewOf(rows, { status: { state: 'degraded', reason } }))
    const { headers } = await get('/boards/likes')
    expect(headers['x-board-state']).toBe('degraded')
    expect(headers['x-board-reason']).toBe('%E6%95%B0%E6%8D%AE%E5%BA%93 down%0D%0Ax-evil: 1, 100%25 sure')
    expect(decodeURIComponent(String(headers['x-board-reason']))).toBe(reason)
    expect(headers['x-evil']).toBeUndefined()
  })

  test('an age that is not known is not made up, one from a clock ahead is zero', async () => {
    served.boards.boards.set('unknown', viewOf(rows, { confirmedAt: undefined }))
    served.boards.boards.set('ahead', viewOf(rows, { confirmedAt: now + 50 }))
    expect((await get('/boards/unknown')).headers['x-board-age']).toBeUndefined()
    expect((await get('/boards/ahead')).headers['x-board-age']).toBe('0.000')
  })

  test.each(['0', '11', '-1', '1.5', '1e1', 'abc', '', '%20', '9999999999999'])(
    'limit=%s is refused',
    async (limit) => {
      served.boards.boards.set('likes', viewOf(rows))
      const answer = await get(`/boards/likes?limit=${limit}`)
      expect(answer.statusCode).toBe(400)
      expect(answer.headers['content-type']).toBe('application/json; charset=utf-8')
      expect(answer.json()).toEqual({
        code: 400,
        msg: `limit is ${JSON.stringify(decodeURIComponent(limit))}; allowed: a whole number from 1 to 10`,
        data: null,
      })
    },
  )

  test('a limit given twice is refused; 1, the size, and none are taken', async () => {
    served.boards.boards.set('likes', viewOf(rows))
    expect((await get('/boards/likes?limit=1&limit=2')).statusCode).toBe(400)
    expect((await get('/boards/likes?limit=1')).json().data).toHaveLength(1)
    expect((await get('/boards/likes?limit=10')).json().data).toHaveLength(3)
    expect((await get('/boards/likes')).json().data).toHaveLength(3)
  })

  test('an unknown board is 404, one that has nothing yet 503 with the time to come back', async () => {
    served.boards.boards.set('new', null)
    const unknown = await get('/boards/none')
    expect([unknown.statusCode, unknown.body]).toEqual([
      404,
      '{"code":404,"msg":"no board is named \\"none\\"; GET /boards lists them","data":null}',
    ])
    const early = await get('/boards/new')
    expect([early.statusCode, early.headers['retry-after'], early.body]).toEqual([
      503,
      '1',
      '{"code":503,"msg":"board new has nothing to serve yet","data":null}',
    ])
  })

  test('a new content is served at once, even under the same version', async () => {
    served.boards.boards.set('likes', viewOf(rows))
    expect((await get('/boards/likes?limit=1')).json().data[0].id).toBe(78)
    served.boards.boards.set('likes', viewOf([...rows].reverse()))
    expect((await get('/boards/likes?limit=1')).json().data[0].id).toBe(58)
  })

  test('rows are put together once for a content and a limit, and kept limits are few', async () => {
    const row = vi.fn(() => '{"id":1}')
    const entries = Array.from({ length: 40 }, (_, index) => ({
      member: String(index),
      score: '1',
      get row() {
        return row()
      },
    }))
    served.boards.boards.set('likes', viewOf([], { entries, size: 40 }))
    await get('/boards/likes?limit=3')
    expect(row).toHaveBeenCalledTimes(3)
    await get('/boards/likes?limit=3')
    expect(row).toHaveBeenCalledTimes(3)
    for (let limit = 4; limit <= 30; limit++) await get(`/boards/likes?limit=${limit}`)
    row.mockClear()
    await get('/boards/likes?limit=3')
    expect(row).toHaveBeenCalledTimes(3)
  })

  test('a client that has this body already gets 304 with the headers of now', async () => {
    served.boards.boards.set('likes', viewOf(rows))
    const { etag } = (await get('/boards/likes?limit=2')).headers
    served.boards.boards.set('likes', {
      ...viewOf(rows),
      status: { state: 'stale', reason: 'Redis cannot be reached' },
      version: 8,
    })
    const same = await get('/boards/likes?limit=2', { 'if-none-match': `"other", W/${etag}` })
    expect([same.statusCode, same.body]).toEqual([304, ''])
    expect(same.headers).toMatchObject({ etag, 'x-board-state': 'stale', 'x-board-version': '8' })
    expect((await get('/boards/likes?limit=3', { 'if-none-match': String(etag) })).statusCode).toBe(200)
  })
})

describe('GET /boards', () => {
  const names = (answer: { json(): { data: { name: string }[] } }) => answer.json().data.map(({ name }) => name)

  test('lists what each board says of itself', async () => {
    served.boards.boards.set('new', null)
    served.boards.boards.set('likes', viewOf(rows, { status: { state: 'stale', reason: '慢' } }))
    expect((await get('/boards')).body).toBe(
      '{"code":200,"msg":"查询成功","data":[' +
        '{"name":"likes","size":10,"state":"stale","reason":"慢","age":0.25,"version":7,"n":3},' +
        '{"name":"new","size":10,"state":"degraded","reason":"nothing to serve yet","age":null,"version":0,"n":0}]}',
    )
  })

  test('pages by name; following the link reads each board once', async () => {
    const all = ['d', 'a', 'e', 'c', 'b']
    for (const name of all) served.boards.boards.set(name, viewOf(rows))
    const seen: string[] = []
    for (let url: string | undefined = '/boards?limit=2'; url !== undefined; ) {
      const page = await get(url)
      seen.push(...names(page))
      url = /^<([^>]+)>; rel="next"$/.exec(String(page.headers.link))?.[1]
    }
    expect(seen).toEqual(['a', 'b', 'c', 'd', 'e'])
    expect(names(await get('/boards?after=c'))).toEqual(['d', 'e'])
    expect(names(await get('/boards?after=e'))).toEqual([])
  })

  test('a page holds 100 boards unless asked otherwise, and at most 1000', async () => {
    for (let index = 0; index < 101; index++) served.boards.boards.set(`b${index}`, viewOf([]))
    expect(names(await get('/boards'))).toHaveLength(100)
    expect(names(await get('/boards?limit=1000'))).toHaveLength(101)
    expect((await get('/boards?limit=1001')).statusCode).toBe(400)
    expect((await get('/boards?limit=x')).statusCode).toBe(400)
    expect((await get('/boards?after=a&after=b')).statusCode).toBe(400)
  })
})

describe('a split board', () => {
  beforeEach(() => {
    served.boards.boards.set('likes', viewOf([]))
    served.boards.boards.set('reads', viewOf(rows))
    const groups = new Map([
      ['7', viewOf(rows, { status: { state: 'stale', reason: 'refilling' }, version: 9 })],
      ['12', viewOf([], { version: 3 })],
    ])
    served.boards.groups.set('likes', groups)
  })

  test('has one board for each value, with the same body and headers as any', async () => {
    const answer = await get('/boards/likes?per=7&limit=2')
    expect(answer.statusCode).toBe(200)
    expect(answer.json()).toEqual({ code: 200, msg: '查询成功', data: rows.slice(0, 2).map((row) => JSON.parse(row)) })
    expect(answer.headers).toMatchObject({
      'x-board-state': 'stale',
      'x-board-reason': 'refilling',
      'x-board-version': '9',
    })
    expect((await get('/boards/likes?per=007')).json()).toMatchObject({ data: rows.map((row) => JSON.parse(row)) })
    expect((await get('/boards/likes?per=12')).json()).toMatchObject({ code: 200, data: [] })
  })

  test.each([
    ['/boards/likes', 400, 'board likes has one board for each value of biz_id: say for which one'],
    ['/boards/likes?per=x', 400, 'per is "x"; allowed: a value of the column biz_id, a whole number'],
    ['/boards/likes?per=7&per=12', 400, 'per is given twice'],
    ['/boards/likes?per=7&limit=11', 400, 'limit is "11"; allowed: a whole number from 1 to 10'],
    ['/boards/reads?per=7', 400, 'board reads is not split: leave out per'],
    ['/boards/likes?per=8', 503, 'board likes has nothing to serve yet'],
    ['/boards/none?per=8', 404, 'no board is named "none"'],
    ['/boards?board=none', 404, 'no board is named "none"'],
  ])('%s is answered with %i', async (url, status, told) => {
    const answer = await get(url)
    expect([answer.statusCode, answer.json().msg]).toEqual([status, expect.stringContaining(told)])
  })

  test('pages list its groups after it, or its groups alone; following the link reads each once', async () => {
    const seen = async (from: string) => {
      const names: string[] = []
      for (let url: string | undefined = from; url !== undefined; ) {
        const page = await get(url)
        for (const { name, per } of page.json().data) names.push(per === undefined ? name : `${name} ${per}`)
        url = /^<([^>]+)>; rel="next"$/.exec(String(page.headers.link))?.[1]
      }
      return names
    }
    expect(await seen('/boards?limit=1')).toEqual(['likes', 'likes 12', 'likes 7', 'reads'])
    expect(await seen('/boards?board=likes&limit=1')).toEqual(['likes 12', 'likes 7'])
    const [first] = (await get('/boards?board=likes')).json().data
    expect(first).toEqual({
      name: 'likes',
      per: '12',
      size: 10,
      state: 'exact',
      reason: '',
      age: 0.25,
      version: 3,
      n: 0,
    })
  })
})

describe('what goes wrong', () => {
  test.each([
    ['GET', '/nothing', 404],
    ['POST', '/boards', 404],
    ['DELETE', '/boards/likes', 404],
    ['GET', '/boards/%zz', 400],
    ['GET', `/boards/${'x'.repeat(500)}`, 404],
    ['GET', `/boards/${'x'.repeat(5000)}`, 414],
  ] as const)('%s %.30s is answered in the envelope', async (method, url, status) => {
    const answer = await served.server.inject({ method, url })
    expect(answer.statusCode).toBe(status)
    expect(answer.headers['content-type']).toBe('application/json; charset=utf-8')
    expect(answer.json()).toMatchObject({ code: status, data: null })
    expect(Object.keys(answer.json())).toEqual(['code', 'msg', 'data'])
    expect(served.lines).toMatchObject([{ level: 'debug', text: 'Request refused', values: { status } }])
  })

  test('an error of our own is logged once and not shown', async () => {
    served.boards.boards.set('likes', viewOf(rows))
    served.boards.read = () => {
      throw new Error('secret detail')
    }
    const answer = await get('/boards/likes')
    expect([answer.statusCode, answer.body]).toEqual([500, '{"code":500,"msg":"internal error","data":null}'])
    expect(served.lines).toMatchObject([
      { level: 'error', text: 'Request failed', values: { status: 500, error: { message: 'secret detail' } } },
    ])
  })
})
