/** Kubernetes' manifests against the API's own types, which are made from its OpenAPI schema (Kubernetes 1.30). */
import { execFile } from 'node:child_process'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseAllDocuments } from 'yaml'
import { z } from 'zod'

const root = fileURLToPath(new URL('../../', import.meta.url))

const manifest = z.looseObject({
  apiVersion: z.string(),
  kind: z.string(),
  metadata: z.looseObject({ name: z.string(), labels: z.record(z.string(), z.string()).optional() }),
})
export type Manifest = z.output<typeof manifest>

/** One or several documents of a file, merge keys and anchors resolved. */
export const readManifests = (text: string): readonly Manifest[] =>
  parseAllDocuments(text, { merge: true }).map((document) => {
    if (document.errors[0] !== undefined) throw document.errors[0]
    return manifest.parse(document.toJS())
  })

export const manifestsIn = async (file: string): Promise<readonly Manifest[]> =>
  readManifests(await readFile(join(root, file), 'utf8'))

/** `apps/v1` → `kubernetes-types/apps/v1`, `v1` → `kubernetes-types/core/v1`. */
const moduleOf = ({ apiVersion }: Manifest): string =>
  `kubernetes-types/${apiVersion.includes('/') ? '' : 'core/'}${apiVersion}`

/**
 * What the compiler says of them, a line each: unknown keys, wrong types, missing keys. A literal is checked for keys
 * that its type has not, which a JSON schema made from the same source would let pass.
 */
export const typeFaults = async (manifests: readonly Manifest[]): Promise<readonly string[]> => {
  // Inside the project, where the types are found.
  const directory = await mkdtemp(join(root, '.planted-manifests-'))
  try {
    const lines = manifests.map(
      (one, i) => `export const m${i}: import('${moduleOf(one)}').${one.kind} = ${JSON.stringify(one)}`,
    )
    await writeFile(join(directory, 'manifests.ts'), `${lines.join('\n')}\n`)
    const options = { strict: true, noEmit: true, module: 'esnext', moduleResolution: 'bundler', types: [] }
    const config = { compilerOptions: options, files: ['manifests.ts'] }
    await writeFile(join(directory, 'tsconfig.json'), JSON.stringify(config))
    return await new Promise((resolve) => {
      execFile(join(root, 'node_modules/.bin/tsc'), ['-p', directory], (failure, out, error) => {
        resolve(failure === null ? [] : `${out}${error}`.split('\n').filter((line) => line !== ''))
      })
    })
  } finally {
    await rm(directory, { recursive: true, force: true })
  }
}
