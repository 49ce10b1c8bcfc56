/** A Redis for the demo: redis-server where there is one, else the one that is built in. */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createServer } from 'node:net'
import { BuiltInRedis } from './redis/built-in-redis.js'

export interface DemoRedis {
  /** What it is, in a line for the user. */
  readonly about: string
  readonly url: string
  close(): Promise<void>
}

const startLimit = 5_000

/** `builtIn`: whatever is installed. */
export const startRedis = async (directory: string, builtIn: boolean): Promise<DemoRedis> => {
  const found = builtIn ? undefined : await startServer(directory).catch(() => undefined)
  return found ?? startBuiltIn(builtIn ? 'built in' : 'built in, because no redis-server starts here')
}

const startBuiltIn = async (about: string): Promise<DemoRedis> => {
  const redis = await BuiltInRedis.start()
  return { about: `${about}, 127.0.0.1:${redis.port}`, url: redis.url, close: () => redis.close() }
}

const freePort = async (): Promise<number> => {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  server.close()
  return typeof address === 'object' && address !== null ? address.port : 0
}

/** In memory only. Ends with this process, however that ends but by SIGKILL. */
const startServer = async (directory: string): Promise<DemoRedis> => {
  const port = await freePort()
  const place = ['--port', String(port), '--bind', '127.0.0.1', '--dir', directory]
  // A group of its own: Ctrl-C is for the demo, which still needs its Redis to end well.
  const child = spawn('redis-server', [...place, '--save', '', '--appendonly', 'no'], {
    stdio: ['ignore', 'pipe', 'ignore'],
    detached: true,
  })
  const kill = (): void => void child.kill('SIGKILL')
  process.on('exit', kill)
  try {
    await started(child)
  } catch (error) {
    kill()
    throw error
  }
  return {
    about: `redis-server, 127.0.0.1:${port}`,
    url: `redis://127.0.0.1:${port}`,
    close: async () => {
      if (child.exitCode !== null || child.signalCode !== null) return
      const gone = once(child, 'exit')
      kill()
      await gone
    },
  }
}

const started = (child: ChildProcess): Promise<void> =>
  new Promise((resolve, reject) => {
    const limit = setTimeout(() => reject(new Error('redis-server is not ready')), startLimit)
    let log = ''
    child.stdout?.setEncoding('utf8').on('data', (text: string) => {
      if (log.length < 100_000) log += text
      if (log.includes('Ready to accept connections')) resolve()
    })
    child.once('error', reject)
    child.once('exit', (code) => reject(new Error(`redis-server ended with ${code}`)))
    limit.unref()
  })
