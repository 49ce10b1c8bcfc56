/** A measured process: gets its options as a message, answers with one, and ends. */
import { fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'

/** Fails if it ends without an answer. */
export const runChild = async <Options extends object, Result>(
  file: string,
  options: Options,
  nodeOptions: readonly string[],
): Promise<Result> => {
  const path = fileURLToPath(new URL(file, import.meta.url))
  const child = fork(path, { execArgv: [...nodeOptions], stdio: ['ignore', 'inherit', 'inherit', 'ipc'] })
  const exited = once(child, 'exit')
  let result: { readonly value: Result } | undefined
  child.once('message', (value) => {
    result = { value: value as Result }
  })
  child.send(options)
  const [code] = await exited
  if (result === undefined) throw new Error(`${file} ended with ${code} and without a result`)
  return result.value
}
