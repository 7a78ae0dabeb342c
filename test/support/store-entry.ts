import { mkdir, mkdtemp, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { build } from 'esbuild'

const ROOT = join(import.meta.dirname, '../..')

/** Builds the store's process from source for `startStore({ entry })`, since Node 20 can't fork TypeScript. */
export async function buildStoreEntry(): Promise<{ entry: URL; remove(): Promise<void> }> {
  const cache = join(ROOT, 'node_modules', '.cache') // where linters don't look, and packages are found from
  await mkdir(cache, { recursive: true })
  const dir = await mkdtemp(join(cache, 'store-'))
  const outfile = join(dir, 'process.mjs')
  await build({
    entryPoints: [join(ROOT, 'collector/store/process.ts')],
    outfile,
    bundle: true,
    platform: 'node',
    format: 'esm',
    target: 'node20',
    packages: 'external',
    logLevel: 'error',
  })
  return { entry: pathToFileURL(outfile), remove: () => rm(dir, { recursive: true, force: true }) }
}
