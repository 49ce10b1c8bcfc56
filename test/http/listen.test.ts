import { connect } from 'node:net'
import { afterEach, expect, test } from 'vitest'
import { RanktideError } from '../../src/core/errors.js'
import { listen } from '../../src/http/server.js'
import { type Served, serve, viewOf } from './fake-boards.js'

const open: Served[] = []
afterEach(async () => {
  for (const { server } of open.splice(0)) await server.close()
})
const start = (): Served => {
  const served = serve()
  open.push(served)
  return served
}

test('a client over a real socket gets the body and its headers', async () => {
  const { server, boards } = start()
  boards.boards.set('likes', viewOf(['{"id":1,"biz":"慢"}']))
  const address = await listen(server, { host: '127.0.0.1', port: 0 })
  const answer = await fetch(`${address}/boards/likes`)
  expect(await answer.text()).toBe('{"code":200,"msg":"查询成功","data":[{"id":1,"biz":"慢"}]}')
  expect(answer.headers.get('x-board-state')).toBe('exact')
})

test('a port that is taken is told by its number', async () => {
  const address = await listen(start().server, { host: '127.0.0.1', port: 0 })
  const port = Number(new URL(address).port)
  const failure = await listen(start().server, { host: '127.0.0.1', port }).catch((error: unknown) => error)
  expect(failure).toBeInstanceOf(RanktideError)
  expect((failure as RanktideError).code).toBe('PORT_TAKEN')
  expect((failure as RanktideError).message).toBe(
    `the HTTP port cannot be listened on: 127.0.0.1:${port} is in use by another process; set http.port to a free one`,
  )
})

const send = (port: number, text: string): Promise<string> =>
  new Promise((resolve, reject) => {
    let received = ''
    const socket = connect(port, '127.0.0.1', () => socket.write(text))
    socket.on('data', (chunk) => {
      received += chunk.toString()
    })
    socket.on('close', () => resolve(received))
    socket.on('error', reject)
  })

test('bytes that are no HTTP are answered in the envelope', async () => {
  const address = await listen(start().server, { host: '127.0.0.1', port: 0 })
  const answer = await send(Number(new URL(address).port), 'no request\r\n\r\n')
  expect(answer).toMatch(/^HTTP\/1\.1 400 Bad Request\r\n/)
  expect(answer.split('\r\n\r\n')[1]).toBe('{"code":400,"msg":"this is not an HTTP request","data":null}')
})

test('closing does not wait for clients that keep their connection', async () => {
  const { server, boards } = start()
  boards.boards.set('likes', viewOf([]))
  const address = await listen(server, { host: '127.0.0.1', port: 0 })
  const socket = connect(Number(new URL(address).port), '127.0.0.1')
  const answered = new Promise((resolve) => socket.once('data', resolve))
  socket.write('GET /livez HTTP/1.1\r\nhost: x\r\n\r\n')
  await answered
  const begun = performance.now()
  await server.close()
  expect(performance.now() - begun).toBeLessThan(2000)
  socket.destroy()
})
