import { readFile } from 'node:fs/promises'
import { extname } from 'node:path'
import type { Hono } from 'hono'
import type { Env } from './caller.ts'

const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
  '.woff2': 'font/woff2',
  '.json': 'application/json',
}

/** The built console: index.html at `/`, its hashed files under `/assets/`. */
export function serveConsole(app: Hono<Env>, dir: URL): void {
  app.get('/', async (c) => {
    const page = await read(new URL('index.html', dir))
    if (!page) return c.text('The console is not built. The API is at /api/v1/devices; `npm run build` makes the console.\n', 503)
    return c.body(new Uint8Array(page), 200, { 'content-type': TYPES['.html'] ?? '', 'cache-control': 'no-cache' })
  })
  app.get('/assets/:file', async (c) => {
    const name = c.req.param('file')
    const type = TYPES[extname(name)]
    const file = type !== undefined && /^[A-Za-z0-9._-]+$/.test(name) ? await read(new URL(`assets/${name}`, dir)) : null
    if (!file || type === undefined) return c.notFound()
    return c.body(new Uint8Array(file), 200, { 'content-type': type, 'cache-control': 'public, max-age=31536000, immutable' })
  })
}

async function read(url: URL): Promise<Buffer | null> {
  try {
    return await readFile(url)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null
    throw error
  }
}
