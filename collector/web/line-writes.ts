import { promisify } from 'node:util'
import { gunzip } from 'node:zlib'
import type { Hono } from 'hono'
import { type Gate, isLoopback } from './auth.ts'
import { callerOf, type Env } from './caller.ts'
import { HttpProblem, type WebDeps } from './deps.ts'

const unpack = promisify(gunzip)
const MAX_UNPACKED = 16 * 1024 * 1024
const MAX_SHOWN = 5

/** `POST /api/v2/write`: line protocol of Telegraf and old hosts, gzip or plain; 204 only after it is on disk. */
export function lineWrites(app: Hono<Env>, deps: WebDeps, gate: Gate): void {
  app.post('/api/v2/write', async (c) => {
    const authorization = c.req.header('authorization')
    const address = callerOf(c)
    if (authorization !== undefined || !isLoopback(address)) gate.writer(authorization, address, 'operator')
    const precision = c.req.query('precision') ?? 'ns'
    const text = inNanoseconds(await readText(Buffer.from(await c.req.arrayBuffer()), c.req.header('content-encoding')), precision)
    const { accepted, refused } = await deps.writeLines(text)
    if (refused.length === 0) return c.body(null, 204)
    const shown = refused.slice(0, MAX_SHOWN).map(({ line, message }) => `${message}: ${line.slice(0, 120)}`)
    return c.json({ code: 'invalid', message: `${accepted} lines accepted, ${refused.length} refused: ${shown.join('; ')}` }, 400)
  })
}

async function readText(body: Buffer, encoding: string | undefined): Promise<string> {
  if (encoding === undefined || encoding === 'identity') return body.toString('utf8')
  if (encoding !== 'gzip') throw new HttpProblem(400, `content-encoding ${encoding} is not understood; use gzip or none`)
  try {
    return (await unpack(body, { maxOutputLength: MAX_UNPACKED })).toString('utf8')
  } catch (error) {
    throw new HttpProblem(400, `the gzip body can't be unpacked: ${(error as Error).message}`)
  }
}

const ZEROS: Readonly<Record<string, string>> = { ns: '', us: '000', ms: '000000', s: '000000000' }

/** Lines with another time precision get the missing zeros at their end. */
function inNanoseconds(text: string, precision: string): string {
  const zeros = ZEROS[precision]
  if (zeros === undefined) throw new HttpProblem(400, `precision: must be one of ${Object.keys(ZEROS).join(', ')}`)
  return zeros === '' ? text : text.replace(/ (\d+)[ \t]*\r?$/gm, ` $1${zeros}`)
}
