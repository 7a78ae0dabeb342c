import { execFileSync } from 'node:child_process'
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { freePort } from './free-port.ts'
import { type ServerProcess, serverProcess } from './server-process.ts'
import { which } from './tools.ts'

export const INFLUX_ADMIN = { username: 'admin', password: 'adm-pw' }
export const INFLUX_WRITER = { username: 'writer', password: 'w-pw' }
export const INFLUX_DATABASE = 'room'

export interface Influxd extends ServerProcess {
  /** Rows of each series of an InfluxQL query, as admin; times in ns as text are kept by `epoch=ns`. */
  query(q: string): Promise<{ name: string; tags?: Record<string, string>; columns: string[]; values: unknown[][] }[]>
}

/** InfluxDB 1.6 with authentication on, a database `room` and a user that may only write to it. `dir` is kept by the caller. */
export async function startInfluxd(dir: string): Promise<Influxd> {
  const program = which('influxd')
  if (!program) throw new Error('influxd is not installed')
  const [port, rpcPort] = [await freePort(), await freePort()]
  await mkdir(dir, { recursive: true })
  const config = execFileSync(program, ['config'], {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'ignore'],
    env: { ...process.env, HOME: dir },
  })
    .replaceAll(/(dir = ")[^"]*\/([a-z]+)"/g, `$1${dir}/$2"`)
    .replace(/^bind-address = "127.0.0.1:8088"/m, `bind-address = "127.0.0.1:${rpcPort}"`)
    .replace('bind-address = ":8086"', `bind-address = "127.0.0.1:${port}"`)
    .replace('auth-enabled = false', 'auth-enabled = true')
    .replace('reporting-disabled = false', 'reporting-disabled = true')
    .replace(/(\[monitor\]\s+store-enabled = )true/, '$1false')
  const file = join(dir, 'influxd.conf')
  await writeFile(file, config)
  const url = `http://127.0.0.1:${port}`
  const server = serverProcess({
    program,
    args: ['run', '-config', file],
    url,
    logFile: join(dir, 'influxd.log'),
    ready: async () => (await fetch(`${url}/ping`)).status === 204,
  })
  const ask = async (q: string, user?: { username: string; password: string }) => {
    const headers: Record<string, string> = { 'content-type': 'application/x-www-form-urlencoded' }
    if (user) headers.authorization = `Basic ${Buffer.from(`${user.username}:${user.password}`).toString('base64')}`
    const body = new URLSearchParams({ q, db: INFLUX_DATABASE, epoch: 'ns' })
    const answer = await fetch(`${url}/query`, { method: 'POST', headers, body })
    const parsed = (await answer.json()) as { error?: string; results?: { error?: string; series?: never[] }[] }
    const error = parsed.error ?? parsed.results?.find((result) => result.error)?.error
    if (error) throw new Error(`InfluxQL ${q}: ${error}`)
    return parsed.results?.flatMap((result) => result.series ?? []) ?? []
  }
  await server.start()
  await ask(`CREATE USER ${INFLUX_ADMIN.username} WITH PASSWORD '${INFLUX_ADMIN.password}' WITH ALL PRIVILEGES`)
  await ask(`CREATE DATABASE ${INFLUX_DATABASE}`, INFLUX_ADMIN)
  await ask(`CREATE USER ${INFLUX_WRITER.username} WITH PASSWORD '${INFLUX_WRITER.password}'`, INFLUX_ADMIN)
  await ask(`GRANT WRITE ON ${INFLUX_DATABASE} TO ${INFLUX_WRITER.username}`, INFLUX_ADMIN)
  return { ...server, query: (q) => ask(q, INFLUX_ADMIN) }
}
