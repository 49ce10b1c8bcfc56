/**
 * The Dockerfile carried out without a container engine: the commands of its stages run here, in a directory in place of
 * `/app`. What differs: the base is this machine, apt-get is left out, and `npm ci` is a copy of the modules that it has
 * made here (compiling node-rdkafka again takes minutes).
 */
import { execFile } from 'node:child_process'
import { chmod, cp, mkdir, mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, normalize, relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { type Instruction, readDockerfile, type Stage } from './dockerfile.js'

const run = promisify(execFile)
const root = fileURLToPath(new URL('../../', import.meta.url))

export interface AssembledImage {
  /** What the last stage has in `/app`, and nothing else. */
  readonly app: string
  readonly last: Stage
  remove(): Promise<void>
}

/** Where a path of the image is here; `cwd` is its WORKDIR. */
const placeOf = (app: string, cwd: string, path: string): string =>
  join(app, relative('/app', path.startsWith('/') ? normalize(path) : join(cwd, path)))

const copy = async (from: string, to: string): Promise<void> => {
  await mkdir(join(to, '..'), { recursive: true })
  await cp(from, to, { recursive: true, verbatimSymlinks: true })
}

/** `COPY a b directory/` or `COPY a name`; `--from` is the caller's. */
const copyAll = async (text: string, from: string, app: string, cwd: string): Promise<void> => {
  const paths = text.split(' ').filter((word) => !word.startsWith('--'))
  const target = placeOf(app, cwd, paths.at(-1) ?? '')
  for (const path of paths.slice(0, -1)) {
    const source = path.startsWith('/') ? placeOf(from, '/app', path) : join(from, path)
    const isDirectory = (paths.at(-1) ?? '').endsWith('/')
    await copy(source, isDirectory ? join(target, path) : target)
  }
}

const isApt = ({ name, text }: Instruction): boolean => name === 'RUN' && text.startsWith('apt-get ')

/** The compiler says on its standard output what is wrong. */
const shell = async (text: string, cwd: string): Promise<void> => {
  await run('bash', ['-e', '-o', 'pipefail', '-c', text], { cwd, maxBuffer: 2 ** 24 }).catch((failure: unknown) => {
    const { stdout = '', stderr = '' } = failure as { stdout?: string; stderr?: string }
    throw new Error(`RUN ${text}\n${stdout}${stderr}`, { cause: failure })
  })
}

const carryOut = async (stage: Stage, app: string, from: string): Promise<void> => {
  let cwd = '/'
  for (const instruction of stage.instructions) {
    const { name, text } = instruction
    if (name === 'WORKDIR') cwd = text
    else if (name === 'COPY') await copyAll(text, text.startsWith('--from') ? from : root, app, cwd)
    else if (name === 'RUN' && text === 'npm ci')
      await run('cp', ['-a', join(root, 'node_modules'), placeOf(app, cwd, 'node_modules')])
    else if (name === 'RUN' && !isApt(instruction)) await shell(text, placeOf(app, cwd, '.'))
  }
}

export const assembleImage = async (): Promise<AssembledImage> => {
  const directory = await mkdtemp(join(tmpdir(), 'ranktide-image-'))
  const remove = (): Promise<void> => rm(directory, { recursive: true, force: true })
  try {
    const [build, last] = readDockerfile(await readFile(join(root, 'Dockerfile'), 'utf8'))
    if (build === undefined || last === undefined) throw new Error('the Dockerfile has not two stages')
    const [built, app] = [join(directory, 'build'), join(directory, 'app')]
    await mkdir(built)
    await mkdir(app)
    await carryOut(build, built, root)
    await carryOut(last, app, built)
    await rm(built, { recursive: true })
    // The image's user is another one than ours.
    await chmod(directory, 0o755)
    return { app, last, remove }
  } catch (error) {
    await remove()
    throw error
  }
}
