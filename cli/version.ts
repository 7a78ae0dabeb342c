import { readFileSync } from 'node:fs'

/** The package root: where package.json, config/ and the built console are, both from source and from dist/. */
export const packageRoot: URL = new URL(import.meta.url.includes('/dist/cli/') ? '../../' : '../', import.meta.url)

/** Version of this package. */
export const version: string = (JSON.parse(readFileSync(new URL('package.json', packageRoot), 'utf8')) as { version: string }).version
