import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { runsIn } from './data-lock.ts'

const REQUEST_DEADLINE_MS = 20_000

export interface ClientOptions {
  readonly url: string
  readonly token: string | undefined
}

/** A refusal by the collector, or its absence, in words for the operator. */
export class ClientError extends Error {}

/** Talks to the collector's HTTP API (DESIGN §9). */
export interface Client {
  readonly url: string
  get<T>(path: string): Promise<T>
  post<T>(path: string, body?: object): Promise<T>
  /** Raw answer, e.g. an event stream; no deadline of its own. */
  open(path: string, headers: Record<string, string>, signal: AbortSignal): Promise<Response>
}

export function createClient({ url, token }: ClientOptions): Client {
  const base = url.replace(/\/+$/, '')
  const headers = token === undefined ? {} : { authorization: `Bearer ${token}` }
  const call = async (path: string, init: RequestInit): Promise<Response> => {
    let response: Response
    try {
      response = await fetch(`${base}${path}`, init)
    } catch (error) {
      throw new ClientError(`no collector answers at ${base} (${causeOf(error)}); start one with \`jifang up\` or give --url`)
    }
    if (!response.ok) throw new ClientError(await problemOf(response, token))
    return response
  }
  return {
    url: base,
    async get<T>(path: string) {
      const response = await call(path, { headers, signal: AbortSignal.timeout(REQUEST_DEADLINE_MS) })
      return (await response.json()) as T
    },
    async post<T>(path: string, body?: object) {
      const signal = AbortSignal.timeout(REQUEST_DEADLINE_MS * 3)
      const response = await call(path, {
        method: 'POST',
        signal,
        headers: { ...headers, 'content-type': 'application/json' },
        body: JSON.stringify(body ?? {}),
      })
      return (await response.json()) as T
    },
    open: (path, extra, signal) => call(path, { headers: { ...headers, ...extra }, signal }),
  }
}

function causeOf(error: unknown): string {
  const cause = error instanceof Error && error.cause !== undefined ? error.cause : error
  return (cause as NodeJS.ErrnoException)?.code ?? (cause instanceof Error ? cause.message : String(cause))
}

async function problemOf(response: Response, token: string | undefined): Promise<string> {
  const text = await response.text()
  let message = text.slice(0, 300)
  try {
    message = (JSON.parse(text) as { error?: string }).error ?? message
  } catch {
    // not ours: shown as it came
  }
  const hint =
    response.status === 401 && token === undefined
      ? ' (give --token, set JIFANG_TOKEN, or run as the user who may read the data folder)'
      : ''
  return `${message}${hint}`
}

/** Files in a collector's data folder for the commands on its machine: where it listens, and a token. */
export const URL_FILE = 'local-url'
export const TOKEN_FILE = 'local-token'
export const DEFAULT_URL = 'http://127.0.0.1:8420'

/** `--url`, else JIFANG_URL, else what the collector of the data folder wrote down, else the default. */
export async function findUrl(given: string | undefined, dataDir: string): Promise<string> {
  return given ?? (process.env.JIFANG_URL || (await readLocal(URL_FILE, dataDir))) ?? DEFAULT_URL
}

/** `--token`, else JIFANG_TOKEN, else the collector's own when its data folder can be read; that one never leaves the machine. */
export async function findToken(given: string | undefined, dataDir: string, url: string): Promise<string | undefined> {
  if (given !== undefined) return given
  if (process.env.JIFANG_TOKEN) return process.env.JIFANG_TOKEN
  return LOOPBACK_URL.test(url) ? readLocal(TOKEN_FILE, dataDir) : undefined
}

const LOOPBACK_URL = /^https?:\/\/(127\.\d+\.\d+\.\d+|localhost|\[::1\])(:\d+)?(\/|$)/i

/** Whether the demonstration in a data folder runs, and the room itself does not. */
export const onlyDemoRuns = (dataDir: string): boolean => runsIn(join(dataDir, 'demo')) && !runsIn(dataDir)

/** From the data folder, or from that of the demonstration in it while that one runs. */
async function readLocal(name: string, dataDir: string): Promise<string | undefined> {
  const demo = join(dataDir, 'demo')
  const folders = onlyDemoRuns(dataDir) ? [demo, dataDir] : [dataDir, demo]
  for (const folder of folders) {
    try {
      return (await readFile(join(folder, name), 'utf8')).trim()
    } catch {
      // not on this machine or not readable: the collector says whether it needs a token
    }
  }
  return undefined
}
